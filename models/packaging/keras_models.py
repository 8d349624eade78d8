"""Keras files (`.keras`, `.h5`, `.hdf5`) made into SavedModels."""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import tensorflow as tf

from models.packaging.errors import PackagingError, reason_of
from models.quiet import captured_output
from models.saving import save_lean

LAMBDAS = frozenset({"Lambda", "__lambda__"})
"""What Keras calls Python code inside a file."""
UNKNOWN = re.compile(r"(?:Could not locate|Unknown) (\w+):? '([^']+)'")
"""How Keras says that it lacks what a file names."""


def export_keras_file(path: Path, directory: Path) -> None:
    """Write a SavedModel with the signature `serving_default`, inputs and outputs named as the model's layers.

    Raises:
        PackagingError: the file is damaged, holds weights only, needs classes of its own, or has a Lambda layer,
            which is Python code that would run here.
    """
    _refuse_damaged(path)
    try:
        with captured_output():
            model: Any = keras.models.load_model(path, compile=False, safe_mode=True)
            save_lean(
                [variable.value for variable in model.variables], {"serving_default": _signature(model)}, directory
            )
    except Exception as error:
        raise PackagingError(_reason(path, error)) from error


def _signature(model: Any) -> Any:
    if not getattr(model, "inputs", None):
        raise ValueError("the model was never called, so the shapes of its inputs are unknown")
    names = [tensor.name.split(":")[0] for tensor in model.inputs]
    specifications = {
        name: tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
        for name, tensor in zip(names, model.inputs, strict=True)
    }

    def serve(**inputs: tf.Tensor) -> Mapping[str, tf.Tensor]:
        ordered = [inputs[name] for name in names]
        answer = model(keras.tree.pack_sequence_as(model._inputs_struct, ordered), training=False)
        if isinstance(answer, Mapping):
            return answer
        return dict(zip(_unique(model.output_names), keras.tree.flatten(answer), strict=True))

    return tf.function(serve).get_concrete_function(**specifications)


def _unique(names: list[str]) -> list[str]:
    return [name if names.count(name) == 1 else f"{name}_{index}" for index, name in enumerate(names)]


def _refuse_damaged(path: Path) -> None:
    kind, is_whole = ("HDF5", h5py.is_hdf5) if path.suffix.lower() != ".keras" else ("zip", zipfile.is_zipfile)
    if not is_whole(path):
        state = "empty" if not path.stat().st_size else f"cut short, or no {kind} file at all"
        raise PackagingError(f"{path} is {state}; write it again with model.save({path.name!r})")


def _reason(path: Path, error: Exception) -> str:
    text = str(error)
    if LAMBDAS & set(_classes(_config(path))):
        return (
            f"{path} has a Lambda layer: Python code inside the file, which would run on this machine when it is "
            "loaded. Write the layer as a class, or export the model as a SavedModel where you trust it."
        )
    if "No model config found" in text:
        return (
            f"{path} holds weights without the model they belong to. Build the model, call load_weights, and save "
            "it whole with model.save('model.keras')."
        )
    if unknown := UNKNOWN.search(text):
        return (
            f"{path} needs the {unknown[1]} {unknown[2]}, which Keras does not have: it is Python code of its own. "
            "Export the model as a SavedModel, where that code is at hand, with model.export(directory)."
        )
    said = text.rpartition("Exception encountered: ")[2]
    return f"{path} is not a Keras model that can be read: {reason_of(ValueError(said)) if said else reason_of(error)}"


def _config(path: Path) -> Any:
    """The model's description of itself; None where there is none."""
    try:
        if path.suffix.lower() == ".keras":
            with zipfile.ZipFile(path) as file:
                return json.loads(file.read("config.json"))
        with h5py.File(path) as file:
            attributes: Any = file.attrs
            return json.loads(attributes["model_config"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def _classes(config: Any) -> Iterator[str]:
    """The names of all classes in a description."""
    if isinstance(config, dict):
        yield str(config.get("class_name"))
    for part in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from _classes(part)
