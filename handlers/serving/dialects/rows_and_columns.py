"""TensorFlow Serving's two forms of a prediction: rows (`instances`) and columns (`inputs`)."""

from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence, Set
from math import prod
from typing import Any, Literal

import numpy as np
from orjson import Fragment

from handlers.manifest import Signature
from handlers.serving.dialects import Inference
from handlers.serving.dialects.defaults import with_defaults
from handlers.serving.dialects.layout import BYTES_SUFFIX, columns_text, is_laid_out, rows_text
from handlers.serving.dialects.tensors import (
    dense_tensor,
    dump,
    fits,
    flatten,
    is_encoded_bytes,
    jsonable,
    nested_strings,
    refuse_large,
    show_shape,
    text,
)
from handlers.serving.errors import InvalidRequest, ServingError, Unsupported, show

Layout = Literal["rows", "columns"]
"""Rows: one value of every input for each instance. Columns: one tensor for each input."""

_BLOCK_ROWS = 4096
"""How many rows are converted at a time."""


def decode(document: Mapping[str, Any], name: str, signature: Signature) -> Inference[Layout]:
    """The inputs of a prediction. Raises InvalidRequest, or Unsupported for a dtype that JSON cannot hold."""
    if not signature.inputs and document.get("inputs") != {}:
        raise InvalidRequest(f"Signature {name!r} takes no inputs: send 'inputs' as an empty object")
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
    """The body of the answer.

    Raises AnswerTooLarge, InvalidRequest if the request has rows and the outputs do not, or Unsupported for an output
    that JSON cannot hold.
    """
    for array in outputs.values():
        _refuse_complex(array)
        refuse_large(array)
    is_small = is_laid_out(outputs.values())
    if inference.form == "columns":
        if is_small:
            return columns_text(outputs).encode()
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
    if is_small:
        return rows_text(outputs).encode()
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        return dump({"predictions": _jsonable(array, name)})
    blocks = (
        _row_texts({name: array[start : start + _BLOCK_ROWS] for name, array in outputs.items()})
        for start in range(0, batch or 0, _BLOCK_ROWS)
    )
    return b'{"predictions":[%b]}' % b",".join(blocks)


def _refuse_complex(array: np.ndarray) -> None:
    if array.dtype.kind == "c":
        raise InvalidRequest(f"Failed to write JSON value for tensor type: {array.dtype.name}")


def _row_texts(outputs: Mapping[str, np.ndarray]) -> bytes:
    """Objects with an element of every output, separated by commas."""
    columns: list[Iterable[Any]] = []
    for name, array in outputs.items():
        column = _jsonable(array, name)
        # Text cannot be divided into rows, so each row becomes a text of its own.
        columns.append([_jsonable(row, name) for row in array] if isinstance(column, Fragment) else column)
    rows = [dict(zip(outputs, values, strict=True)) for values in zip(*columns, strict=True)]
    return dump(rows)[1:-1]


def _jsonable(array: np.ndarray, name: str) -> Any:
    if array.dtype.kind != "O":
        return jsonable(array, name)
    if name.endswith(BYTES_SUFFIX):
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
        return {name: _tensor(value, spec.dtype)}
    inputs: dict[str, np.ndarray] = {}
    is_one_of_several = len(signature.inputs) > 1
    for name, spec in signature.inputs.items():
        if name not in value and name in signature.defaults:
            continue
        if name not in value:
            raise InvalidRequest(f"Missing named input: {name} in 'inputs' object.")
        inputs[name] = (
            _named_tensor(value[name], name, spec.dtype) if is_one_of_several else _tensor(value[name], spec.dtype)
        )
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
                raise _element_error(
                    index, f" key: {key}", f"INVALID_ARGUMENT: JSON object: does not have named input: {key}"
                )
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


def _tensor(value: Any, dtype: str) -> np.ndarray:
    """As `dense_tensor`, but of the types that TensorFlow Serving reads."""
    if dtype == "uint16":
        first = next(iter(flatten(value)[0]), [])
        raise Unsupported(f"Conversion of JSON Value: {show(first)} to type: {dtype}")
    return dense_tensor(value, dtype)


def _named_tensor(value: Any, name: str, dtype: str) -> np.ndarray:
    """As `_tensor`. An error names the input, which TensorFlow Serving leaves out."""
    try:
        return _tensor(value, dtype)
    except (InvalidRequest, Unsupported) as error:
        raise type(error)(f"{error} (input: {name})") from None


def _stack(rows: Sequence[Any], dtype: str, key: str) -> np.ndarray:
    """Rows of equal shape as one tensor. An error names the first wrong row."""
    try:
        return _tensor(rows, dtype)
    except Unsupported as error:
        raise _element_error(0, key, f"{error.code}: {error}") from None
    except InvalidRequest as error:
        raise _first_error(rows, dtype, key) or error from None


def _first_error(rows: Sequence[Any], dtype: str, key: str) -> ServingError | None:
    """The error of the first row that is no tensor, or not one like the first row. None if there is none.

    Rows are read in blocks, as fast as a valid request. Only the block that cannot be read is searched row by row.
    """
    try:
        expected = dense_tensor(rows[0], dtype).shape
    except InvalidRequest as error:
        return _element_error(0, key, f"{error.code}: {error}")
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = rows[start : start + _BLOCK_ROWS]
        if not _are_tensors(block, dtype, expected):
            errors = (_row_error(row, index, dtype, expected, key) for index, row in enumerate(block, start))
            return next(filter(None, errors), None)
    return None


def _are_tensors(rows: Sequence[Any], dtype: str, shape: tuple[int, ...]) -> bool:
    try:
        return dense_tensor(rows, dtype).shape[1:] == shape
    except InvalidRequest:
        return False


def _row_error(row: Any, index: int, dtype: str, expected: tuple[int, ...], key: str) -> ServingError | None:
    try:
        shape = dense_tensor(row, dtype).shape
    except InvalidRequest as error:
        return _element_error(index, key, f"{error.code}: {error}")
    if prod(shape) != prod(expected):
        reason = f"Expecting tensor size: {prod(expected)} but got: {prod(shape)}"
    elif shape != expected:
        reason = f"Expecting shape {show_shape(expected)} but got: {show_shape(shape)}"
    else:
        return None
    return _element_error(index, key, f"INVALID_ARGUMENT: {reason}")


def _element_error(index: int, key: str, reason: str) -> ServingError:
    where = f"Failed to process element: {index}{key} of 'instances' list."
    return InvalidRequest(f"{where} Error: {reason}")


def _is_object(value: Any) -> bool:
    return type(value) is dict and not is_encoded_bytes(value)
