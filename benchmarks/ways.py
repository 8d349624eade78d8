"""Ways to serve a model from a function: the handler with each engine, and the handlers that it is compared with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from benchmarks.subjects import Subject, repository
from handlers.contract import MODEL_NAMES, MODEL_STORE_URI, SINGLE_MODEL_HANDLER
from handlers.manifest import ArtifactForm, EngineName
from models.packaging.forms import engine_of


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to serve a subject."""

    key: str
    label: str
    handler: str
    """`module.function`, as Lambda is told."""
    form: ArtifactForm | None = None
    """The form that our handler serves; None for the handlers that it is compared with."""

    @property
    def plain(self) -> bool:
        """Whether requests have plain bodies instead of a protocol's."""
        return self.form is None

    @property
    def engine(self) -> EngineName:
        """The engine that runs the model; all handlers that ours is compared with run TensorFlow."""
        return "tensorflow" if self.form is None else engine_of(self.form)

    def environment(self, subject: Subject) -> dict[str, str]:
        """The variables with which the function serves this subject."""
        if self.form is not None:
            return {MODEL_STORE_URI: repository(self.form).as_uri(), MODEL_NAMES: subject.name}
        path = subject.keras_file if self is KERAS else subject.saved_model
        return {"MODEL_PATH": str(path)}


LITERT = Way(key="litert", label="handler, `litert`", handler=SINGLE_MODEL_HANDLER, form="tflite")
ONNX = Way(key="onnx", label="handler, `onnxruntime`", handler=SINGLE_MODEL_HANDLER, form="onnx")
FROZEN = Way(
    key="frozen_graph", label="handler, `tensorflow`, frozen graph", handler=SINGLE_MODEL_HANDLER, form="frozen_graph"
)
SAVED_MODEL = Way(
    key="saved_model", label="handler, `tensorflow`, SavedModel", handler=SINGLE_MODEL_HANDLER, form="saved_model"
)
SAVED_MODEL_LOAD = Way(
    key="saved_model_load",
    label="`tf.saved_model.load`",
    handler="benchmarks.baselines.saved_model_handler.lambda_handler",
)
KERAS = Way(key="keras", label="Keras `predict`", handler="benchmarks.baselines.keras_handler.lambda_handler")

WAYS = (LITERT, ONNX, FROZEN, SAVED_MODEL, SAVED_MODEL_LOAD, KERAS)


def recorded(found: Collection[str], ways: Sequence[Way] = WAYS) -> Sequence[Way]:
    """The ways whose keys a record has. It may have been written before there was an engine."""
    return [way for way in ways if way.key in found]


def fastest(engine: EngineName) -> Way:
    """Our handler with the form that this engine starts fastest with."""
    return next(way for way in WAYS if way.form is not None and way.engine == engine)
