"""Loads a Keras file with Keras 3 or with `tf_keras`, and says why that failed."""

import re
from pathlib import Path
from typing import Any

from models.packaging.errors import reason_of
from models.packaging.keras_files.signature import KerasSignature

UNKNOWN = re.compile(r"(?:Could not locate|Unknown) (?:class|layer|\w+):? '([^']+)'|Could not deserialize '([^']+)'")
"""Keras's messages for a class or function that it does not have."""


def load_model(library: Any, path: Path) -> KerasSignature:
    """Load a model with `keras` or `tf_keras`. Raises whatever that raises, and ValueError if it knows no inputs."""
    model: Any = library.models.load_model(path, compile=False, safe_mode=True)
    model.jit_compile = False  # XLA would compile it for every shape, and answer some requests that TensorFlow refuses
    return KerasSignature(model)


def reading_reason(path: Path, error: Exception) -> str:
    """Why Keras could not read or export a file."""
    text = str(error)
    if unknown := UNKNOWN.search(text):
        name = (unknown[1] or unknown[2]).rpartition(">")[2].rpartition(".")[2]
        return (
            f"{path} needs the class {name}, which Keras does not have. Export the model as a SavedModel with "
            "model.export(directory), in a program that has this code."
        )
    if "it was never called" in text:
        return f"{path} cannot be exported: {text}. Call it once, as in model(examples[:1]), and save it again."
    return f"{path} is not a Keras model that can be read: {reason_of(error)}"
