"""KerasFile: what a Keras file (`.keras`, `.h5`, `.hdf5`) says of itself, read without Keras and without running it."""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from models.packaging.errors import PackagingError

LAMBDAS = frozenset({"Lambda", "__lambda__"})
"""Keras's class names for Python code inside a file."""
HARMLESS = re.compile(
    r"(?:__operators__|bitwise|compat\.v1\.(?:math|nn)|dtypes|image|linalg|math|nn|quantization|ragged|random|sets|signal"
    r"|sparse|strings)\..+|io\.(?:decode|encode|parse)_\w+|(?!load_|py_func|numpy_func)\w+"
)
"""Functions of TensorFlow that a Keras 2 file may call while it is loaded."""


@dataclass(frozen=True, kw_only=True)
class KerasFile:
    """A whole model in one file."""

    path: Path
    version: str
    """Of the Keras that wrote it, such as `2.15.0`."""
    config: Mapping[str, Any]
    """The model's configuration: classes, names, connections."""

    @property
    def is_keras_2(self) -> bool:
        """Whether it was written before Keras 3, whose classes are others."""
        return int(self.version.split(".")[0]) < 3

    @property
    def classes(self) -> frozenset[str]:
        """The names of all classes in the configuration."""
        return frozenset(str(part["class_name"]) for part in self.parts() if "class_name" in part)

    def parts(self) -> Iterator[Mapping[str, Any]]:
        """Every object in the configuration."""
        yield from _objects(self.config)


def open_keras_file(path: Path) -> KerasFile:
    """Read a Keras file's description.

    Raises:
        PackagingError: the file is damaged, of another kind, holds only weights, keeps a state between calls, or has
            a Lambda layer, whose Python code would run on this machine.
    """
    with path.open("rb") as opened:
        content = opened.read(8)
    is_zip, is_hdf5 = content.startswith(b"PK\x03\x04"), content.startswith(b"\x89HDF\r\n\x1a\n")
    wants_zip = path.suffix.lower() == ".keras"
    if (is_zip and not wants_zip) or (is_hdf5 and wants_zip):
        kinds = ("an HDF5", "a zip", "h5") if wants_zip else ("a zip", "an HDF5", "keras")
        raise PackagingError(
            f"{path} is {kinds[0]} file, not {kinds[1]} file as {path.suffix} says. If model.save wrote it, rename it "
            f"to {path.stem}.{kinds[2]}"
        )
    _refuse_damaged(path, "zip" if wants_zip else "HDF5", is_zip or is_hdf5)
    found = _open_zip(path) if wants_zip else _open_hdf5(path)
    _refuse_code(found)
    _refuse_state(found)
    return found


def _refuse_damaged(path: Path, kind: str, is_known: bool) -> None:
    state = ""
    if not path.stat().st_size:
        state = "empty"
    elif not is_known:
        state = f"no {kind} file, or damaged"
    elif kind == "zip" and not zipfile.is_zipfile(path):
        state = "cut short"
    if state:
        raise PackagingError(f"{path} is {state}; write it again with model.save({path.name!r})")


def _open_zip(path: Path) -> KerasFile:
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
        if "config.json" not in names:
            raise PackagingError(f"{path} is a zip file, but not of Keras: it lacks config.json. {_other_zip(names)}")
        if not any(name.startswith("model.weights.") for name in names):
            raise PackagingError(f"{path} lacks its weights; write it again with model.save({path.name!r})")
        metadata = json.loads(file.read("metadata.json")) if "metadata.json" in names else {}
        config = json.loads(file.read("config.json"))
    return KerasFile(path=path, version=str(metadata.get("keras_version", "3")), config=config)


def _other_zip(names: list[str]) -> str:
    """What a zip file that is not of Keras may be, and what to do."""
    if any(name.endswith("data.pkl") for name in names):
        return "PyTorch writes such files; export that model for TensorFlow first."
    if any(name.endswith("saved_model.pb") for name in names):
        return "It holds a SavedModel: unzip it, and give the directory."
    return "Save the model with model.save('model.keras')."


def _open_hdf5(path: Path) -> KerasFile:
    try:
        with h5py.File(path) as file:
            attributes: Any = file.attrs
            if "model_config" in attributes:
                version = _text(attributes.get("keras_version", "2"))
                return KerasFile(path=path, version=version, config=json.loads(_text(attributes["model_config"])))
            holds_weights = "layer_names" in attributes or {"layers", "vars"} <= set(file)
    except OSError as error:
        state = "cut short" if "truncated" in str(error) else "damaged"
        raise PackagingError(f"{path} is {state}; write it again with model.save({path.name!r})") from error
    if holds_weights:
        raise PackagingError(
            f"{path} holds only weights. Build the model, call load_weights, and save the whole model with "
            "model.save('model.keras')."
        )
    raise PackagingError(
        f"{path} is an HDF5 file, but not of Keras: it has no model. Save the model with model.save('model.keras')."
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _refuse_code(file: KerasFile) -> None:
    if file.classes & LAMBDAS:
        raise PackagingError(
            f"{file.path} has a Lambda layer: Python code inside the file, which would run on this machine when the "
            "file is loaded. Write the layer as a class, or export the model as a SavedModel on a machine that may run "
            "it."
        )
    for part in file.parts():
        function = part.get("config", {}).get("function") if part.get("class_name") == "TFOpLambda" else None
        if function is not None and not HARMLESS.fullmatch(str(function)):
            raise PackagingError(
                f"{file.path} calls tf.{function}, which would run on this machine when the file is loaded. Export the "
                "model as a SavedModel on a machine that may run it."
            )


def _refuse_state(file: KerasFile) -> None:
    for part in file.parts():
        settings = part.get("config")
        if isinstance(settings, dict) and settings.get("stateful") is True:
            raise PackagingError(
                f"{file.path} keeps a state between calls: the layer {settings.get('name')!r} is stateful. On Lambda "
                "each call may reach another function. Build the model with stateful=False, and copy the weights with "
                "new_model.set_weights(model.get_weights())."
            )


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(part)
