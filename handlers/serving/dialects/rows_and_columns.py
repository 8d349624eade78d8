"""TensorFlow Serving's two forms of a prediction: rows (`instances`) and columns (`inputs`)."""

from binascii import b2a_base64
from collections.abc import Mapping, Sequence, Set
from typing import Any, Literal

import numpy as np

from handlers.manifest import Signature
from handlers.serving.dialects import Inference
from handlers.serving.dialects.defaults import with_defaults
from handlers.serving.dialects.json_text import show
from handlers.serving.dialects.tensors import (
    Ragged,
    dense_tensor,
    dump,
    elements,
    fits,
    flatten,
    is_encoded_bytes,
    jsonable,
    nested_strings,
    show_shape,
    text,
)
from handlers.serving.errors import InvalidRequest, ServingError, Unsupported

Layout = Literal["rows", "columns"]
"""Rows: one value of every input for each instance. Columns: one tensor for each input."""

_REFUSED = frozenset({"uint16"})
"""Types that JSON could hold, but that TensorFlow Serving does not read."""

_BYTES_SUFFIX = "_bytes"
"""The name of an output of bytes ends with this; other outputs of strings are text."""


def decode(document: Mapping[str, Any], name: str, signature: Signature) -> Inference[Layout]:
    """The inputs of a prediction. Raises InvalidRequest, or Unsupported for a dtype that JSON cannot hold."""
    if not signature.inputs and document.get("inputs") != {}:
        raise InvalidRequest(f"Signature {name!r} takes no inputs: send 'inputs' as an empty object")
    for key, spec in signature.inputs.items():
        if spec.dtype in _REFUSED:
            raise Unsupported(f"Conversion of JSON Value: the input {key!r} to type: {spec.dtype}")
    if "instances" in document:
        if "inputs" in document:
            raise InvalidRequest(
                f"JSON Value: {show(document)} Not formatted correctly expecting only one of 'inputs' or 'instances' "
                "keys to exist "
            )
        inputs = _rows(document, signature)
    elif "inputs" in document:
        inputs = _columns(document["inputs"], signature)
    else:
        raise InvalidRequest("Missing 'inputs' or 'instances' key")
    for key, array in inputs.items():
        if not fits(array.shape, signature.inputs[key]):
            raise InvalidRequest(
                f"Input {key!r} has the shape {show_shape(array.shape)}; "
                f"signature {name!r} takes {show_shape(signature.inputs[key].shape)}"
            )
    if signature.defaults:
        inputs = with_defaults(inputs, signature)
    return Inference(name, inputs, "rows" if "instances" in document else "columns")


def encode(inference: Inference[Layout], outputs: Mapping[str, np.ndarray]) -> bytes:
    """The body of the answer. Raises InvalidRequest if the request has rows and the outputs do not."""
    if inference.form == "columns":
        columns = {name: _jsonable(array, name) for name, array in outputs.items()}
        return dump({"outputs": columns if len(columns) > 1 else next(iter(columns.values()))})
    batch: int | None = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise InvalidRequest(f"Tensor name: {name} has no shape information ")
        if batch is None:
            batch = array.shape[0]
        elif array.shape[0] != batch:
            raise InvalidRequest(
                f"Tensor name: {name} has inconsistent batch size: {array.shape[0]} expecting: {batch}"
            )
    columns = {name: _jsonable(array, name) for name, array in outputs.items()}
    if len(columns) == 1:
        return dump({"predictions": next(iter(columns.values()))})
    names = tuple(columns)
    rows = [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return dump({"predictions": rows})


def _jsonable(array: np.ndarray, name: str) -> Any:
    if array.dtype.kind != "O":
        return jsonable(array, name)
    if name.endswith(_BYTES_SUFFIX):
        return nested_strings(array, lambda value: {"b64": b2a_base64(value, newline=False).decode()})
    return nested_strings(array, lambda value: text(value, name))


def _columns(value: Any, signature: Signature) -> dict[str, np.ndarray]:
    if type(value) is not dict or is_encoded_bytes(value):
        if len(signature.inputs) > 1:
            raise InvalidRequest(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        ((name, spec),) = signature.inputs.items()
        return {name: dense_tensor(value, spec.dtype)}
    inputs: dict[str, np.ndarray] = {}
    for name, spec in signature.inputs.items():
        if name not in value and name in signature.defaults:
            continue
        if name not in value:
            raise InvalidRequest(f"Missing named input: {name} in 'inputs' object.")
        inputs[name] = dense_tensor(value[name], spec.dtype)
    return inputs


def _rows(document: Mapping[str, Any], signature: Signature) -> dict[str, np.ndarray]:
    rows = document["instances"]
    if type(rows) is not list:
        raise InvalidRequest(f"JSON Value: {show(document)} Expecting 'instances' to be an list/array")
    if not rows:
        raise InvalidRequest(f"JSON Value: {show(document)} No values in 'instances' array")
    if type(rows[0]) is not dict and len(signature.inputs) > 1:
        raise InvalidRequest(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    if _is_object(rows[0]):
        return _named_rows(rows, signature)
    if dict in set(map(type, rows)):
        for index, row in enumerate(rows):
            if _is_object(row):
                raise InvalidRequest(f"Expecting value/list but got object at item {index} of input list")
    name, spec = next(iter(signature.inputs.items()))
    return {name: _stack(rows, spec.dtype, "")}


def _named_rows(rows: Sequence[Any], signature: Signature) -> dict[str, np.ndarray]:
    names = signature.inputs.keys()
    given = _given_names(rows[0], signature) if signature.defaults else names
    for index, row in enumerate(rows):
        if not _is_object(row):
            raise InvalidRequest(f"Expecting object but got list at item {index} of input list")
        if row.keys() == given:
            continue
        for key in row:
            if key not in names:
                raise _element_error(index, f" key: {key}", f"JSON object: does not have named input: {key}")
        raise InvalidRequest(
            f"Failed to process element: {index} of 'instances' list. JSON object: {show(row)} "
            f"keys must be equal to: {','.join(sorted(given))}"
        )
    return {
        name: _stack([row[name] for row in rows], spec.dtype, f" key: {name}")
        for name, spec in signature.inputs.items()
        if name in given
    }


def _given_names(row: Mapping[str, Any], signature: Signature) -> Set[str]:
    """The inputs that every row has if the first is this one: all but those that have defaults and are left out."""
    return {name for name in signature.inputs if name in row or name not in signature.defaults}


def _stack(rows: Sequence[Any], dtype: str, key: str) -> np.ndarray:
    """Rows of equal shape as one tensor. An error names the first wrong row."""
    try:
        flat, shape = flatten(rows)
        return elements(flat, dtype).reshape(shape)
    except (Ragged, InvalidRequest):
        return _stack_one_by_one(rows, dtype, key)


def _stack_one_by_one(rows: Sequence[Any], dtype: str, key: str) -> np.ndarray:
    arrays: list[np.ndarray] = []
    for index, row in enumerate(rows):
        try:
            array = dense_tensor(row, dtype)
        except ServingError as error:
            if isinstance(error, Unsupported):
                raise
            raise _element_error(index, key, str(error)) from None
        first = arrays[0] if arrays else array
        if array.size != first.size:
            raise _element_error(index, key, f"Expecting tensor size: {first.size} but got: {array.size}")
        if array.shape != first.shape:
            expected, got = show_shape(first.shape), show_shape(array.shape)
            raise _element_error(index, key, f"Expecting shape {expected} but got: {got}")
        arrays.append(array)
    return np.stack(arrays)


def _element_error(index: int, key: str, reason: str) -> ServingError:
    where = f"Failed to process element: {index}{key} of 'instances' list."
    return InvalidRequest(f"{where} Error: INVALID_ARGUMENT: {reason}")


def _is_object(value: Any) -> bool:
    return type(value) is dict and not is_encoded_bytes(value)
