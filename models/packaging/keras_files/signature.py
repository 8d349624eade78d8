"""KerasSignature: a loaded Keras model by the public names of its inputs and outputs, for Keras 3 and `tf_keras` alike.

It uses what all Keras models have: `inputs`, `outputs`, and a call.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from models.packaging.arrays import Arrays
from models.packaging.public_names import rename_tensors
from models.saving import save_lean

Tensors = Mapping[str, Any]
ROW_SPLITS = "_row_splits"
"""What the second part of a ragged input is called after the first, which holds the values."""


class KerasSignature:
    """A model as clients call it: tensors by public name give tensors by public name.

    An input is called by its key if the inputs are one dictionary, else by its `Input` layer. An output is called by
    its key if the outputs are one dictionary, else by the layer that makes it; further outputs of one layer are
    numbered. A sparse input is given dense; a ragged one as its values and its row splits.
    """

    def __init__(self, model: Any) -> None:
        """Raises ValueError if the model does not know its inputs."""
        self._model = model
        self._inputs: Any = _structure_of(model, "input")
        self._names = dict(_named(self._inputs))

    def __call__(self, tensors: Tensors) -> dict[str, Any]:
        """Run the model as it runs after training."""
        return self._by_name(self._model(self._packed(tensors), training=False))

    def predict(self, arrays: Arrays) -> dict[str, np.ndarray]:
        """The answer of `model.predict_on_batch`. Raises what TensorFlow and Keras raise."""
        given = self._packed({name: tf.constant(array) for name, array in arrays.items()})
        sizes = {len(array) if array.ndim else 0 for array in arrays.values()}
        if len(sizes) == 1 and min(sizes):
            answer = self._model.predict_on_batch(given)
        else:  # `predict` takes no empty batch, and nothing that is not made of examples
            answer = self._model(given, training=False)
        return {name: _array(value) for name, value in self._by_name(answer).items()}

    def save(self, directory: Path) -> None:
        """Write a SavedModel with the signature `serving_default`, whose keys are the public names."""
        function, names = self._traced()
        variables = [each if isinstance(each, tf.Variable) else each.value for each in self._model.variables]
        descendants = tf.train.TrackableView(self._model).descendants()
        tables = [each for each in descendants if isinstance(each, tf.saved_model.experimental.TrackableResource)]
        save_lean([*variables, *tables], {"serving_default": function}, directory)
        rename_tensors(directory, names)

    def _traced(self) -> tuple[Any, Mapping[str, str]]:
        """See `_trace`. A layer may be written for one size of batch, or in Python that AutoGraph has to translate."""
        ways = ({"free_batch": free, "autograph": translated} for free in (True, False) for translated in (False, True))
        for way in ways:
            with contextlib.suppress(Exception):
                return self._trace(**way)
        return self._trace(free_batch=True, autograph=True)

    def _trace(self, *, free_batch: bool, autograph: bool) -> tuple[Any, Mapping[str, str]]:
        """The model as a function of tensors that have names of ours, and the public name of each of them."""
        public: dict[str, str] = {}
        specs: list[tf.TensorSpec] = []
        for name, spec in self._specs(free_batch=free_batch).items():
            ours = f"input_{len(specs)}"
            public[ours] = name
            specs.append(tf.TensorSpec(spec.shape, spec.dtype, name=ours))

        def serve(*given: Any) -> Mapping[str, Any]:
            answer = self(dict(zip(public.values(), given, strict=True)))
            outputs = {f"output_{index}": name for index, name in enumerate(answer)}
            names.update(outputs)
            return {ours: answer[name] for ours, name in outputs.items()}

        names = dict(public)
        return tf.function(serve, autograph=autograph).get_concrete_function(*specs), names

    def _specs(self, *, free_batch: bool) -> Mapping[str, tf.TensorSpec]:
        """Shape and element type of each input, by public name."""
        found: dict[str, tf.TensorSpec] = {}
        for name, tensor in self._names.items():
            shape = [None, *tensor.shape[1:]] if free_batch and len(tensor.shape) else list(tensor.shape)
            if _is(tensor, "ragged"):
                found[name] = tf.TensorSpec([None, *shape[2:]], tf.as_dtype(tensor.dtype))
                found[f"{name}{ROW_SPLITS}"] = tf.TensorSpec([None], tf.int64)
            else:
                found[name] = tf.TensorSpec(shape, tf.as_dtype(tensor.dtype))
        return found

    def _packed(self, tensors: Tensors) -> Any:
        """Tensors in the structure that the model was made with."""
        made = {name: _as_given(name, tensor, tensors) for name, tensor in self._names.items()}
        by_identity = {id(tensor): made[name] for name, tensor in self._names.items()}
        return tf.nest.map_structure(lambda tensor: by_identity[id(tensor)], self._inputs)

    def _by_name(self, answer: Any) -> dict[str, Any]:
        if _is_flat(answer):
            return dict(answer)
        values = tf.nest.flatten(answer)
        outputs: Any = _structure_of(self._model, "output") if getattr(self._model, "outputs", None) else None
        layers = [_layer_of(tensor) for tensor in tf.nest.flatten(outputs)] if outputs is not None else []
        names = layers if len(layers) == len(values) else ["output"] * len(values)
        return dict(zip(_numbered(names), values, strict=True))


def _structure_of(model: Any, kind: str) -> Any:
    """The inputs or the outputs as the model was made with them. Raises ValueError if it does not know them."""
    tensors = getattr(model, f"{kind}s", None)
    if not tensors:
        shape = (model.get_build_config() or {}).get("input_shape") if hasattr(model, "get_build_config") else None
        if kind == "output" or not isinstance(shape, list | tuple):
            raise ValueError("it was never called, so the shapes of its inputs are unknown")
        return tf.TensorSpec([None, *shape[1:]], model.input_dtype, name="inputs")
    try:
        return getattr(model, kind)
    except AttributeError:  # a Sequential of Keras 3
        return tensors[0] if len(tensors) == 1 else list(tensors)


def _named(inputs: Any) -> Iterator[tuple[str, Any]]:
    if _is_flat(inputs):
        yield from inputs.items()
        return
    tensors = tf.nest.flatten(inputs)
    yield from zip(_numbered([_layer_of(tensor) for tensor in tensors]), tensors, strict=True)


def _is_flat(structure: Any) -> bool:
    """Whether a structure is one dictionary of tensors."""
    return isinstance(structure, Mapping) and not any(tf.nest.is_nested(value) for value in structure.values())


def _layer_of(tensor: Any) -> str:
    """The name of the layer or operation that makes a tensor."""
    history = getattr(tensor, "_keras_history", None)
    maker = getattr(history, "operation", None) or getattr(history, "layer", None)
    return str(maker.name if maker is not None else tensor.name)


def _numbered(names: list[str]) -> list[str]:
    """The names, with numbers behind those that come again."""
    taken, found = set(names), list[str]()
    for name in names:
        number = 0
        unique = name
        while unique in found or (number and unique in taken):
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return found


def _is(tensor: Any, kind: str) -> bool:
    """Whether an input is sparse or ragged."""
    expected: Any = {"sparse": tf.SparseTensorSpec, "ragged": tf.RaggedTensorSpec}[kind]
    return bool(getattr(tensor, kind, False)) or isinstance(getattr(tensor, "type_spec", None), expected)


def _as_given(name: str, tensor: Any, tensors: Tensors) -> Any:
    """One input of the model, made of the tensors that stand for it."""
    if _is(tensor, "sparse"):
        return tf.sparse.from_dense(tensors[name])
    if _is(tensor, "ragged"):
        return tf.RaggedTensor.from_row_splits(tensors[name], tensors[f"{name}{ROW_SPLITS}"])
    return tensors[name]


def _array(value: Any) -> np.ndarray:
    value = value.numpy() if hasattr(value, "numpy") else value
    array = np.asarray(value, object if isinstance(value, bytes) else None)
    return array.astype(object) if array.dtype.kind in "SU" else array
