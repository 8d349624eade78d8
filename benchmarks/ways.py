"""Ways: how a model can be served from a function: the handler with each engine, and what it is compared with."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.paths import ROOT
from benchmarks.subjects import Form, Subject, repository
from handlers.contract import MIB_PER_VCPU, MODEL_NAMES, MODEL_STORE_URI, SINGLE_MODEL_HANDLER
from handlers.manifest import EngineName

MEMORY_MIB = 2 * MIB_PER_VCPU
"""The memory that functions are told they have: two processors' worth."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to serve a subject."""

    key: str
    label: str
    handler: str
    """`module.function`, as Lambda is told."""
    form: Form | None = None
    """What the handler serves; None for the handlers that it is compared with."""

    @property
    def plain(self) -> bool:
        """Whether it takes plain bodies instead of a protocol."""
        return self.form is None

    @property
    def engine(self) -> EngineName:
        """The engine that the handler uses."""
        return "litert" if self.form == "tflite" else "tensorflow"

    def environment(self, subject: Subject) -> dict[str, str]:
        """The variables that the function needs to serve this subject."""
        if self.form is not None:
            return {MODEL_STORE_URI: repository(self.form).as_uri(), MODEL_NAMES: subject.name}
        path = subject.keras_file if self is KERAS else subject.saved_model
        return {"MODEL_PATH": str(path)}


LITERT = Way(key="litert", label="handler, `litert`", handler=SINGLE_MODEL_HANDLER, form="tflite")
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

WAYS = (LITERT, FROZEN, SAVED_MODEL, SAVED_MODEL_LOAD, KERAS)


def function_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a function's process: what Lambda sets, and the function's own variables."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "LAMBDA_TASK_ROOT": str(ROOT),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MIB),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OPENBLAS_NUM_THREADS": "1",  # as the image sets it
        **variables,
    }
