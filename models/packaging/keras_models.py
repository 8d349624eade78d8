"""Keras files (`.keras`, `.h5`, `.hdf5`) made into SavedModels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from models.packaging.errors import PackagingError
from models.quiet import captured_output
from models.saving import save_lean


def export_keras_file(path: Path, directory: Path) -> None:
    """Write a SavedModel with the signature `serving_default`, inputs and outputs named as the model's layers.

    Raises:
        PackagingError: the file is damaged, holds weights only, needs classes of its own, or has a Lambda layer,
            which is Python code that would run here.
    """
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


def _reason(path: Path, error: Exception) -> str:
    text = str(error)
    if "ambda" in text:
        return (
            f"{path} has a Lambda layer: Python code inside the file, which would run on this machine when it is "
            "loaded. Write the layer as a class, or export the model as a SavedModel where you trust it."
        )
    if "No model config found" in text:
        return (
            f"{path} holds weights without the model they belong to. Build the model, call load_weights, and save "
            "it whole with model.save('model.keras')."
        )
    if "Could not locate" in text or "Unknown layer" in text:
        return f"{path} needs classes that Keras does not know. Export the model as a SavedModel. Keras: {_first(text)}"
    return f"{path} is not a Keras model that can be read: {_first(text)}"


def _first(text: str) -> str:
    return text.strip().splitlines()[0][:300] if text.strip() else "no reason given"
