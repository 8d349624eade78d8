"""From nested JSON lists to arrays, and back, with loops in C."""

import binascii
from collections.abc import Callable, Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np
import orjson

from handlers.manifest import TensorSpec
from handlers.serving.dialects.json_text import show, type_name
from handlers.serving.errors import InvalidRequest, ServingError, Unsupported

_SERVING_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
"""TensorFlow's short names, if they differ from numpy's."""

_FROM_JSON: dict[str, frozenset[type]] = {
    **dict.fromkeys(("float32", "float64"), frozenset({int, float})),
    **dict.fromkeys("int8 int16 int32 int64 uint8 uint16 uint32 uint64".split(), frozenset({int})),
    "bool": frozenset({bool}),
    "string": frozenset({str, dict}),
}
"""The Python types of the JSON values that an element of each type may be."""


class Ragged(Exception):
    """A nested list is not a tensor: lists of one level differ in length, or there are values at several levels."""


def flatten(value: Any) -> tuple[Sequence[Any], tuple[int, ...]]:
    """All values of a nested list in row-major order, and its shape. A single value has the shape ().

    Raises Ragged.
    """
    if type(value) is not list:
        return [value], ()
    level: list[Any] = value
    shape = [len(level)]
    while level and type(level[0]) is list:
        if set(map(type, level)) != {list}:
            raise Ragged
        sizes = set(map(len, level))
        if len(sizes) > 1:
            raise Ragged
        shape.append(sizes.pop())
        level = list(chain.from_iterable(level))
    return level, tuple(shape)


def dense_tensor(value: Any, dtype: str) -> np.ndarray:
    """The tensor that a JSON value stands for. Raises InvalidRequest, or Unsupported for a dtype without JSON form."""
    try:
        flat, shape = flatten(value)
    except Ragged:
        raise _ragged_at(value) from None
    return elements(flat, dtype).reshape(shape)


def elements(flat: Sequence[Any], dtype: str) -> np.ndarray:
    """JSON values as elements of one type, in one dimension.

    An integer may stand for a decimal; a decimal may not stand for an integer. A decimal that the type cannot hold
    becomes infinite. A string is text, or bytes as {"b64": ...}.

    Raises:
        InvalidRequest: a value has the wrong type. The message names the first one.
        Unsupported: the dtype has no JSON form.
    """
    allowed = _FROM_JSON.get(dtype)
    if allowed is None:
        shown = show(flat[0]) if flat else "[]"
        raise Unsupported(f"Conversion of JSON Value: {shown} to type: {_SERVING_NAMES.get(dtype, dtype)}")
    if not allowed.issuperset(types := set(map(type, flat))):
        raise _ragged_at(list(flat)) if list in types else _mistyped(flat, dtype, lambda v: type(v) not in allowed)
    if dtype == "string":
        return _strings(flat)
    try:
        with np.errstate(over="ignore"):
            return np.array(flat, dtype=dtype)
    except OverflowError:
        limits = np.iinfo(dtype)
        raise _mistyped(flat, dtype, lambda v: not limits.min <= v <= limits.max) from None


def is_encoded_bytes(value: Any) -> bool:
    """Whether a JSON value is {"b64": "..."}, which stands for bytes."""
    return type(value) is dict and len(value) == 1 and type(value.get("b64")) is str


def fits(shape: Sequence[int], spec: TensorSpec) -> bool:
    """Whether the signature allows the shape."""
    return spec.shape is None or (
        len(shape) == len(spec.shape)
        and all(wanted in (-1, size) for size, wanted in zip(shape, spec.shape, strict=True))
    )


def show_shape(shape: Sequence[int] | None) -> str:
    """A shape for an error message."""
    return "[?]" if shape is None else f"[{','.join(map(str, shape))}]"


def dump(document: Any) -> bytes:
    """JSON of a document with arrays that `jsonable` made."""
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def jsonable(array: np.ndarray, name: str) -> Any:
    """A numeric or boolean array in a form that `dump` writes as nested lists.

    Each decimal is as short as possible: reading it gives the same number. As in TensorFlow Serving, NaN, Infinity and
    -Infinity are written as these words. Raises Unsupported for complex numbers.
    """
    if array.dtype.kind == "c":
        raise Unsupported(f"Output {name!r} is of type {array.dtype.name}, which JSON has no form for")
    if array.dtype.kind not in "biuf":
        array = array.astype(np.float32)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return _nested(array, lambda v: v if np.isfinite(v) else orjson.Fragment(_not_finite(v)))
    if array.ndim == 0:
        return array[()]
    return np.ascontiguousarray(array) if array.size else array.tolist()


def nested_strings(array: np.ndarray, convert: Callable[[bytes], Any]) -> Any:
    """Nested lists of a string tensor's converted elements."""
    return _nested(array, lambda value: convert(value if isinstance(value, bytes) else str(value).encode()))


def text(value: bytes, name: str) -> str:
    """The text of an element of an output. Raises Unsupported if it is not UTF-8: JSON cannot hold it."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Unsupported(
            f"Output {name!r} holds bytes that are not UTF-8 text. Name the output {name}_bytes, "
            "or ask for it in binary form."
        ) from None


def _nested(array: np.ndarray, convert: Callable[[Any], Any]) -> Any:
    if array.ndim == 0:
        return convert(array[()])
    return [_nested(row, convert) for row in array] if array.ndim > 1 else [convert(value) for value in array]


def _not_finite(value: float) -> bytes:
    return b"NaN" if value != value else b"Infinity" if value > 0 else b"-Infinity"


def _strings(flat: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(flat), dtype=object)
    for index, value in enumerate(flat):
        array[index] = value.encode() if type(value) is str else _decode(value)
    return array


def _decode(value: dict[str, Any]) -> bytes:
    if not is_encoded_bytes(value):
        raise InvalidRequest(f"JSON Value: {show(value)} not formatted correctly for base64 data")
    encoded: str = value["b64"]
    try:
        # Clients may use either alphabet, and leave out the padding.
        encoded = encoded.replace("-", "+").replace("_", "/").rstrip("=")
        return binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("Unable to base64 decode") from None


def _mistyped(flat: Sequence[Any], dtype: str, is_wrong: Callable[[Any], bool]) -> ServingError:
    value = next(value for value in flat if is_wrong(value))
    name = _SERVING_NAMES.get(dtype, dtype)
    return InvalidRequest(f"JSON Value: {show(value)} Type: {type_name(value)} is not of expected type: {name}")


def _ragged_at(value: Any) -> ServingError:
    """The error for a ragged list: it names the first element that differs from the shape of the first elements."""
    shape: list[int] = []
    first = value
    while type(first) is list:
        shape.append(len(first))
        first = first[0] if first else None
    return _difference(value, shape, 0) or InvalidRequest(f"JSON Value: {show(value)} is not a tensor")


def _difference(value: Any, shape: list[int], level: int) -> ServingError | None:
    if type(value) is not list:
        if level == len(shape):
            return None
        return InvalidRequest(
            f"JSON Value: {show(value)} found at incorrect level: {level + 1} in the JSON DOM. "
            f"Expected at level: {len(shape)}"
        )
    if level >= len(shape):
        return InvalidRequest(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        return InvalidRequest(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    return next(filter(None, (_difference(item, shape, level + 1) for item in value)), None)


def element_count(shape: Sequence[int]) -> int:
    """How many elements a tensor of this shape has."""
    return prod(shape)
