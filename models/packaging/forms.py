"""The forms that a model can be served in."""

from collections.abc import Mapping

from handlers.manifest import ArtifactForm

PREFERENCE: tuple[ArtifactForm, ...] = ("tflite", "frozen_graph", "saved_model")
"""From what starts fastest to what always works."""

NAMES: Mapping[ArtifactForm, str] = {
    "tflite": "LiteRT",
    "frozen_graph": "a frozen graph",
    "saved_model": "the SavedModel as it is",
}
