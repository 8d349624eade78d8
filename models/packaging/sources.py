"""Sources: the models that can be packaged, as their trainers wrote them."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from models.packaging.errors import PackagingError

GRAPH_FILE = "saved_model.pb"
TEXT_FILE = "saved_model.pbtxt"
"""The same as text, which TensorFlow reads where there is no `GRAPH_FILE`."""

SourceForm = Literal["saved_model", "keras", "tflite"]

SUFFIXES = {".keras": "keras", ".h5": "keras", ".hdf5": "keras", ".tflite": "tflite"}
REMEDIES = {
    ".pb": ". A frozen graph does not say what its inputs and outputs are. Save it as a SavedModel, with "
    "tf.compat.v1.saved_model.simple_save(session, directory, inputs, outputs).",
    ".json": ". A description in JSON has no weights. Build the model with keras.models.model_from_json, load its "
    "weights, and save the whole model with model.save('model.keras').",
    ".onnx": ". Export the model for TensorFlow from the framework that it was trained in.",
    ".pt": ". Export the model for TensorFlow from PyTorch.",
    ".pth": ". Export the model for TensorFlow from PyTorch.",
}
"""What to do with files of other kinds, by suffix."""
UNSTABLE_FILES = frozenset({"fingerprint.pb"})
"""Files with a random identifier, which differ each time the same model is saved."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A model as its trainer wrote it."""

    path: Path
    form: SourceForm
    digest: str
    """SHA-256 over the content in lower-case hexadecimal; equal for equal models."""


def open_source(path: Path) -> Source:
    """Recognise a SavedModel directory, a Keras file or a LiteRT file. Raises PackagingError if it is none of them."""
    if path.is_dir():
        if not (path / GRAPH_FILE).is_file() and not (path / TEXT_FILE).is_file():
            raise PackagingError(f"{path} holds no {GRAPH_FILE}, so it is not a SavedModel directory{_hint(path)}")
        return Source(path=path, form="saved_model", digest=_digest_directory(path))
    if not path.is_file():
        raise PackagingError(f"{path} does not exist")
    form: Any = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise PackagingError(
            f"{path} is not a model that can be packaged: give a SavedModel directory or a file that ends in "
            f"{', '.join(SUFFIXES)}{_remedy(path)}"
        )
    return Source(path=path, form=form, digest=hashlib.sha256(path.read_bytes()).hexdigest())


def _remedy(path: Path) -> str:
    """What to do with a file of another kind that TensorFlow knows."""
    return REMEDIES.get(path.suffix.lower(), "")


def _hint(directory: Path) -> str:
    """What else the directory is: a checkpoint, or a directory of versions as TensorFlow Serving expects it."""
    if any(directory.glob("*.index")):
        return (
            ". It holds a checkpoint: variables without a model. Build the model, restore the checkpoint into it, and "
            "save it with tf.saved_model.save or model.save('model.keras')."
        )
    versions = [graph.parent for graph in directory.glob(f"*/{GRAPH_FILE}") if graph.parent.name.isdecimal()]
    return f"; give {max(versions, key=lambda version: int(version.name))}, which is one" if versions else ""


def copy_saved_model(source: Path, target: Path) -> None:
    """Copy a SavedModel file by file."""
    for file in saved_model_files(source):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    if not (target / GRAPH_FILE).exists():
        _read_text(source, target)


def _read_text(source: Path, target: Path) -> None:
    """Make `GRAPH_FILE` of `TEXT_FILE`, which only TensorFlow's loader reads."""
    from google.protobuf import text_format  # late: it belongs to TensorFlow
    from tensorflow.core.protobuf import saved_model_pb2

    document = saved_model_pb2.SavedModel()
    try:
        text_format.Parse((target / TEXT_FILE).read_bytes(), document)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise PackagingError(f"{source / TEXT_FILE} cannot be read ({error}); save the model again") from None
    (target / GRAPH_FILE).write_bytes(document.SerializeToString(deterministic=True))
    (target / TEXT_FILE).unlink()


def saved_model_files(directory: Path) -> Iterator[Path]:
    """The files of a SavedModel, in the order of their paths. Raises PackagingError on a link to the outside."""
    root = directory.resolve()
    for path in sorted(directory.rglob("*")):
        if not path.resolve().is_relative_to(root):
            raise PackagingError(f"{path} is a link out of the SavedModel; put a copy of the file in its place")
        if path.is_file():
            yield path


def _digest_directory(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in saved_model_files(directory):
        if path.name not in UNSTABLE_FILES:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(directory).as_posix()} {content}\n".encode())
    return digest.hexdigest()
