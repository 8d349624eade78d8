"""Loads a Keras file with Keras 3 or with `tf_keras`, and says why that failed."""

import importlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.packaging.errors import PackagingError, reason_of
from models.packaging.keras_files.signature import KerasSignature

UNKNOWN = re.compile(
    r"(?:Could not locate|Unknown) (?:class|layer|\w+):? '([^']+)'"
    r"|Could not deserialize '([^']+)'"
    r"|instance of class Layer\. Received: layer=(\w+) of type <class 'str'>"
)
"""Keras's messages for a class or function that it does not have."""


def load_model(library: Any, path: Path, imports: Sequence[str]) -> KerasSignature:
    """Load a model with `keras` or `tf_keras`.

    Args:
        library: the package.
        path: the file.
        imports: modules that define classes or functions which the library does not have.

    Raises whatever the library raises, ValueError if the model knows no inputs, and PackagingError if a module cannot
    be imported.
    """
    model: Any = library.models.load_model(path, compile=False, safe_mode=True, custom_objects=_own_code(imports))
    model.jit_compile = False  # XLA would compile it for every shape, and answer some requests that TensorFlow refuses
    return KerasSignature(model)


def _own_code(imports: Sequence[str]) -> Mapping[str, Any]:
    """What modules define, by name; what they import from other packages is left out."""
    found: dict[str, Any] = {}
    for name in imports:
        try:
            module = importlib.import_module(name)
        except Exception as error:
            raise PackagingError(
                f"the module {name} cannot be imported ({reason_of(error)}). If it is not installed, name its "
                "directory in the variable PYTHONPATH."
            ) from error
        package, _, _ = name.partition(".")
        found |= {
            key: value
            for key, value in vars(module).items()
            if str(getattr(value, "__module__", "")).partition(".")[0] == package
        }
    return found


def reading_reason(path: Path, error: Exception) -> str:
    """Why Keras could not read or export a file."""
    if isinstance(error, PackagingError):
        return str(error)
    text = str(error)
    if unknown := UNKNOWN.search(text):
        name = next(filter(None, unknown.groups())).rpartition(">")[2].rpartition(".")[2]
        return (
            f"{path} needs the class {name}, which Keras does not have. Name the module that defines it with --import, "
            "or export the model as a SavedModel with model.export(directory), in a program that has this code."
        )
    if "it was never called" in text:
        return f"{path} cannot be exported: {text}. Call it once, as in model(examples[:1]), and save it again."
    return f"{path} is not a Keras model that can be read: {reason_of(error)}"
