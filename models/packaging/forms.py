"""The forms that a model can be served in."""

from collections.abc import Mapping

from handlers.manifest import FORMS, ArtifactForm, EngineName

PREFERENCE: tuple[ArtifactForm, ...] = ("tflite", "onnx", "frozen_graph", "saved_model")
"""All forms: from the fastest start to the one that serves every model."""

NAMES: Mapping[ArtifactForm, str] = {
    "tflite": "LiteRT",
    "onnx": "ONNX Runtime",
    "frozen_graph": "a frozen graph",
    "saved_model": "the SavedModel as it is",
}
"""The forms as messages name them."""

SECOND_TO: Mapping[ArtifactForm, ArtifactForm] = {"onnx": "tflite"}
"""A form that is tried only for the signatures that another one cannot serve, or for which that one lost, unless
something is to be saved. It would seldom cost clearly less, and the image would need both engines."""


def engine_of(form: ArtifactForm) -> EngineName:
    """The engine that loads a form."""
    return next(engine for engine, forms in FORMS.items() if form in forms)
