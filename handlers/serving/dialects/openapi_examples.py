"""Requests to paste, made of the warm-up requests that packaging kept: real inputs, or zeros in their shape."""

from collections.abc import Mapping
from math import prod
from typing import Any

from handlers.manifest import DEFAULT_SIGNATURE, Manifest, Signature, TensorSpec
from handlers.serving.dialects.datatypes import DATATYPES

MOST_ELEMENTS = 4096
"""A larger input has no example: nobody pastes it."""

_ONLY_BINARY = frozenset({"float16", "bfloat16"})
_NOT_READ_BY_V1 = frozenset({"float16", "bfloat16", "uint16", "complex64", "complex128"})


def predict_examples(manifest: Manifest) -> dict[str, Any]:
    """By signature, a body of `:predict` that the model answers. A signature has none if its inputs are large, or if
    JSON cannot hold them."""
    found = {name: _predict_example(manifest, name) for name in manifest.signatures}
    return {name: example for name, example in found.items() if example is not None}


def _predict_example(manifest: Manifest, name: str) -> dict[str, Any] | None:
    signature, inputs = manifest.signatures[name], _inputs(manifest, name)
    if inputs is None or any(spec.dtype in _NOT_READ_BY_V1 for spec in signature.inputs.values()):
        return None
    named = {} if name == DEFAULT_SIGNATURE else {"signature_name": name}
    if not _answers_rows(signature):
        return {**named, "inputs": dict(inputs)}
    if len(inputs) == 1:
        return {**named, "instances": next(iter(inputs.values()))}
    return {**named, "instances": [dict(zip(inputs, row, strict=True)) for row in zip(*inputs.values(), strict=False)]}


def _answers_rows(signature: Signature) -> bool:
    """Whether the inputs and the only output have a row for each instance."""
    tensors = [*signature.inputs.values(), *signature.outputs.values()]
    return len(signature.outputs) == 1 and all(spec.shape is not None and spec.shape[:1] == (-1,) for spec in tensors)


def infer_examples(manifest: Manifest) -> dict[str, Any]:
    """The same of `/infer`, which knows the default signature alone."""
    name = manifest.default_signature()
    signature, inputs = manifest.signatures[name], _inputs(manifest, name)
    specs = {**signature.inputs, **signature.outputs}.values()
    if inputs is None or any(spec.dtype in _ONLY_BINARY or spec.dtype not in DATATYPES for spec in specs):
        return {}
    tensors = [_tensor(key, signature.inputs[key], value) for key, value in inputs.items()]
    return {} if None in tensors else {name: {"inputs": tensors}}


def _inputs(manifest: Manifest, name: str) -> Mapping[str, Any] | None:
    """The inputs of a request by name, without those that have a default; None if there is none, or one is large."""
    signature, kept = manifest.signatures[name], manifest.warmup.get(name, {})
    inputs = {
        key: _value(kept.get(key), spec) for key, spec in signature.inputs.items() if key not in signature.defaults
    }
    return None if not inputs or None in inputs.values() else inputs


def _value(kept: Any, spec: TensorSpec) -> Any:
    """A kept value, or zeros; None if it has too many elements."""
    if type(kept) is dict and "zeros" in kept:
        return _zeros(tuple(kept["zeros"]), spec.dtype)
    if kept is not None:
        return kept if len(_flat(kept)[0]) <= MOST_ELEMENTS else None
    shape = (1,) if spec.shape is None else spec.shape
    return _zeros(tuple(1 if size == -1 else size for size in shape), spec.dtype)


def _zeros(shape: tuple[int, ...], dtype: str) -> Any:
    if prod(shape) > MOST_ELEMENTS:
        return None
    value: Any = "" if dtype == "string" else False if dtype == "bool" else 0
    for size in reversed(shape):
        value = [value] * size
    return value


def _tensor(name: str, spec: TensorSpec, value: Any) -> dict[str, Any] | None:
    flat, shape = _flat(value)
    if any(type(each) is dict for each in flat):  # bytes: the protocol's JSON holds text alone
        return None
    return {"name": name, "datatype": DATATYPES[spec.dtype], "shape": shape, "data": flat}


def _flat(value: Any) -> tuple[list[Any], list[int]]:
    shape: list[int] = []
    level = [value]
    while level and type(level[0]) is list:
        shape.append(len(level[0]))
        level = [each for part in level for each in part]
    return level, shape
