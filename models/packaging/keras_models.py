"""Converts Keras files (`.keras`, `.h5`, `.hdf5`) to SavedModels."""

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
"""Keras's class names for Python code inside a file."""
UNKNOWN = re.compile(r"(?:Could not locate|Unknown) (\w+):? '([^']+)'")
"""Keras's message for a class or function that it does not have."""


def export_keras_file(path: Path, directory: Path) -> None:
    """Write a SavedModel with the signature `serving_default`; inputs and outputs have the names of the model's layers.

    Raises:
        PackagingError: the file is damaged, holds only weights, needs custom classes, or has a Lambda layer, whose
            Python code would run on this machine.
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
            f"{path} has a Lambda layer: Python code inside the file, which would run on this machine when the file is "
            "loaded. Write the layer as a class, or export the model as a SavedModel on a machine that may run it."
        )
    if "No model config found" in text:
        return (
            f"{path} holds only weights. Build the model, call load_weights, and save the whole model with "
            "model.save('model.keras')."
        )
    if unknown := UNKNOWN.search(text):
        return (
            f"{path} needs the {unknown[1]} {unknown[2]}, which Keras does not have. Export the model as a SavedModel "
            "with model.export(directory), in a program that has this code."
        )
    said = text.rpartition("Exception encountered: ")[2]
    return f"{path} is not a Keras model that can be read: {reason_of(ValueError(said)) if said else reason_of(error)}"


def _config(path: Path) -> Any:
    """The configuration inside a Keras file; None if there is none."""
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
    """The names of all classes in a configuration."""
    if isinstance(config, dict):
        yield str(config.get("class_name"))
    for part in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        yield from _classes(part)
