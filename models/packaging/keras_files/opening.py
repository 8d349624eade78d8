"""Opens Keras files: exports them as SavedModels, and answers as `model.predict` does."""

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np

from models.packaging.arrays import Arrays
from models.packaging.errors import PackagingError, reason_of
from models.packaging.keras_files.description import KerasFile, open_keras_file
from models.packaging.keras_files.keras_2 import open_in_a_process
from models.packaging.keras_files.reading import load_model, reading_reason
from models.packaging.keras_files.signature import KerasSignature
from models.packaging.reference import Library
from models.quiet import captured_output

KERAS_2 = "tf_keras"
"""The package that holds Keras 2."""
CHANGED = frozenset({"hard_sigmoid"})
"""What Keras 3 computes differently from Keras 2, under the same name."""


class KerasReference:
    """A Keras model as Keras itself runs it."""

    def __init__(self, model: KerasSignature) -> None:
        self._model = model

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request to the only signature."""
        with captured_output():
            return self._model.predict(inputs)

    def close(self) -> None:
        """Free the memory."""
        del self._model


def open_keras_model(path: Path, directory: Path, imports: Sequence[str] = ()) -> Library:
    """Write a Keras file as a SavedModel in `directory`, and keep the model open as the reference.

    A file of Keras 2 is read by Keras 2 in a process of its own, if `tf_keras` is installed.

    Args:
        path: the file.
        directory: where the SavedModel goes.
        imports: modules that define classes which Keras does not have.

    Raises:
        PackagingError: the file cannot be read, see `open_keras_file`, or a module cannot be imported.
    """
    file = open_keras_file(path)
    if file.is_keras_2 and find_spec(KERAS_2) is not None:
        return open_in_a_process(path, directory, imports)
    if file.is_keras_2 and (changed := sorted(CHANGED & set(_words(file)))):
        raise PackagingError(_not_by_keras_3(file, f"{', '.join(changed)} is another function there"))
    try:
        with captured_output():
            signature = load_model(keras, path, imports)
            signature.save(directory)
    except PackagingError:
        raise
    except Exception as error:
        raise PackagingError(_reason(file, error)) from error
    return KerasReference(signature)


def _reason(file: KerasFile, error: Exception) -> str:
    if file.is_keras_2:
        return _not_by_keras_3(file, reason_of(error))
    reason = reading_reason(file.path, error)
    if _major_minor(file.version) > _major_minor(keras.__version__):
        reason += f" Keras {file.version} wrote it, and this is Keras {keras.__version__}; a newer one may read it."
    return reason


def _not_by_keras_3(file: KerasFile, reason: str) -> str:
    return (
        f"{file.path} was written by Keras {file.version}, and Keras {keras.__version__} cannot read it ({reason}). "
        f"Install Keras 2 (pip install --no-deps tf_keras=={_of_keras_2()}), or convert the file where Keras 2 is "
        "installed:\n"
        "  import tf_keras\n"
        f"  tf_keras.models.load_model({file.path.name!r}).export({file.path.stem!r})"
    )


def _of_keras_2() -> str:
    """The version of `tf_keras` that goes with this TensorFlow: the same major and minor number."""
    try:
        found = version("tensorflow-cpu")
    except ImportError:
        found = version("tensorflow")
    return f"{'.'.join(found.split('.')[:2])}.*"


def _major_minor(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())


def _words(file: KerasFile) -> list[str]:
    """Every text in the settings of the file's layers."""
    return [value for part in file.parts() for value in part.values() if isinstance(value, str)]
