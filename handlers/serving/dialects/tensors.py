"""From nested JSON lists to arrays, and back, with loops in C."""

import binascii
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from math import prod
from operator import is_not
from typing import Any

import numpy as np
import orjson

from handlers.manifest import TensorSpec
from handlers.serving.dialects.json_text import type_name
from handlers.serving.errors import InvalidRequest, ServingError, Unsupported, show
from handlers.serving.events import refuse_too_large

_SERVING_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
"""TensorFlow's short names, if they differ from numpy's."""

_FROM_JSON: dict[str, frozenset[type]] = {
    **dict.fromkeys(("float32", "float64"), frozenset({int, float})),
    **dict.fromkeys("int8 int16 int32 int64 uint8 uint16 uint32 uint64".split(), frozenset({int})),
    "bool": frozenset({bool}),
    "string": frozenset({str, dict}),
}
"""The Python types of the JSON values that an element of each type may be."""


_SHORTEST = {"b": len("true,"), "i": len("0,"), "u": len("0,"), "f": len("0.0,"), "O": len('"",')}
"""The fewest bytes that an element takes in JSON with what separates it, by the kind of the dtype."""

_SMALL_SIZE = 65_536
"""A tensor of fewer numbers fits into any answer."""

MAX_RANK = 64
"""The most dimensions of a tensor: numpy's arrays have no more."""


class Ragged(InvalidRequest):
    """A nested list is not a tensor. The message names the first level that is not even, and what differs there."""


def flatten(value: Any) -> tuple[Sequence[Any], tuple[int, ...]]:
    """All values of a nested list in row-major order, and its shape. A single value has the shape ().

    Raises Ragged: there are lists and other values at one level, or lists of different lengths, or too many levels.
    """
    if type(value) is not list:
        return [value], ()
    level: list[Any] = value
    shape = [len(level)]
    while level and type(level[0]) is list:
        if set(map(type, level)) != {list}:
            raise _value_among_lists(level, len(shape))
        sizes = set(map(len, level))
        if len(sizes) > 1:
            raise _unequal_lists(level, len(shape))
        if len(shape) == MAX_RANK:
            raise Ragged(f"Lists are nested more than {MAX_RANK} deep, which is the most dimensions of a tensor")
        shape.append(sizes.pop())
        level = list(chain.from_iterable(level))
    return level, tuple(shape)


def dense_tensor(value: Any, dtype: str) -> np.ndarray:
    """The tensor that a JSON value stands for. Raises InvalidRequest, or Unsupported for a dtype without JSON form."""
    flat, shape = flatten(value)
    return elements(flat, dtype, len(shape)).reshape(shape)


def elements(flat: Sequence[Any], dtype: str, level: int = 1) -> np.ndarray:
    """JSON values as elements of one type, in one dimension. They come from lists that are nested `level` deep.

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
        if list in types:
            raise Ragged(f"Encountered list at unexpected level: {level} expected < {level}")
        raise _mistyped(flat, dtype, lambda v: type(v) not in allowed)
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
    if shape is None:
        return "[?]"
    return f"[{','.join(map(str, shape[:MAX_RANK]))}{',…' if len(shape) > MAX_RANK else ''}]"


def refuse_large(array: np.ndarray, *, binary: bool = False) -> None:
    """Raise AnswerTooLarge if an output is certainly too large for an answer, before it is written.

    Args:
        array: the output.
        binary: whether it is written as raw bytes, which travel as base64; else it is written as JSON.
    """
    kind = array.dtype.kind
    if array.size < _SMALL_SIZE and kind != "O":
        return
    content = sum(map(len, array.reshape(-1))) if kind == "O" else array.nbytes if binary else 0
    refuse_too_large(content // 3 * 4 if binary else content + array.size * _SHORTEST.get(kind, 0))


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
        return orjson.Fragment(_with_words(array))
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


def _with_words(array: np.ndarray) -> bytes:
    """The JSON of an array with words for the values that are not finite, where `dump` writes null."""
    between = dump(np.ascontiguousarray(array) if array.ndim else array[()]).split(b"null")
    words = [
        b"NaN" if value != value else b"Infinity" if value > 0 else b"-Infinity"
        for value in array[~np.isfinite(array)].tolist()
    ]
    return b"".join(chain.from_iterable(zip(between, [*words, b""], strict=True)))


def _strings(flat: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(flat), dtype=object)
    for index, value in enumerate(flat):
        array[index] = value.encode() if type(value) is str else _decode(value)
    return array


def _decode(value: dict[str, Any]) -> bytes:
    if not is_encoded_bytes(value):
        raise InvalidRequest(f"JSON Value: {show(value)} not formatted correctly for base64 data")
    # Clients may use either alphabet, leave out the padding, and break lines.
    encoded = "".join(value["b64"].split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4), strict_mode=True)
    except ValueError:
        raise InvalidRequest("Unable to base64 decode") from None


def _mistyped(flat: Sequence[Any], dtype: str, is_wrong: Callable[[Any], bool]) -> ServingError:
    value = next(value for value in flat if is_wrong(value))
    name = _SERVING_NAMES.get(dtype, dtype)
    return InvalidRequest(f"JSON Value: {show(value)} Type: {type_name(value)} is not of expected type: {name}")


def _value_among_lists(level: Sequence[Any], depth: int) -> Ragged:
    """The error for a level, `depth` lists deep, that begins with a list and has other values too."""
    value = level[_first(is_not(kind, list) for kind in map(type, level))]
    first, expected = level[0], depth
    while type(first) is list:
        first, expected = first[0] if first else None, expected + 1
    return Ragged(
        f"JSON Value: {show(value)} found at incorrect level: {depth + 1} in the JSON DOM. "
        f"Expected at level: {expected}"
    )


def _unequal_lists(level: Sequence[Any], depth: int) -> Ragged:
    """The error for a level, `depth` lists deep, of lists that differ in length."""
    expected = len(level[0])
    size = len(level[_first(size != expected for size in map(len, level))])
    return Ragged(f"Encountered list at unexpected size: {size} at level: {depth} expected size: {expected}")


def _first(differs: Iterable[bool]) -> int:
    return next(index for index, different in enumerate(differs) if different)


def element_count(shape: Sequence[int]) -> int:
    """How many elements a tensor of this shape has."""
    return prod(shape)
