"""Reads a TensorProto (`tensor.proto`): the default value of an input."""

from binascii import b2a_base64
from collections.abc import Mapping
from math import prod

from handlers.manifest import LARGEST_DEFAULT, Default, element_bytes
from handlers.serving.wire_format import MetaGraphError, fields, messages, packed, signed

DATA_TYPES: Mapping[int, str] = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 8: "complex64",
    9: "int64", 10: "bool", 14: "bfloat16", 17: "uint16", 18: "complex128", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
"""TensorFlow's numbers of the element types that a signature may have (`types.proto`)."""

_DTYPE, _SHAPE, _CONTENT, _FLOATS, _DOUBLES, _STRINGS, _COMPLEX, _COMPLEX_DOUBLES = 1, 2, 4, 5, 6, 8, 9, 12
_VARINTS = frozenset({7, 10, 11, 13, 16, 17})
"""Fields of numbers that are written as varints: integers, truth values, and the bits of 16-bit floats."""
_FIXED = {_FLOATS: 4, _DOUBLES: 8, _COMPLEX: 4, _COMPLEX_DOUBLES: 8}
"""Fields of numbers that are written as they are in memory, and the bytes of each."""


def read_tensor(message: memoryview) -> Default:
    """The value of a tensor. Raises MetaGraphError if its element type is not one that a signature may have."""
    numbers = {field: value for field, _, value in fields(message) if isinstance(value, int)}
    dtype = DATA_TYPES.get(numbers.get(_DTYPE, 0), "")
    if not dtype:
        raise MetaGraphError(f"the default of an input is of TensorFlow's data type {numbers.get(_DTYPE)}")
    shape = [
        sum(signed(size) for number, _, size in fields(dimension) if number == 1 and isinstance(size, int))
        for part in messages(message, _SHAPE)
        for dimension in messages(part, 2)
    ]
    if not 0 <= (count := prod(shape)) <= LARGEST_DEFAULT or min(shape, default=0) < 0:
        raise MetaGraphError(
            f"the default of an input has the shape {shape}; it may have {LARGEST_DEFAULT} elements at most"
        )
    if dtype == "string":
        texts = _filled([bytes(value) for value in messages(message, _STRINGS)], count, b"")
        return {"shape": shape, "strings": [_base64(value) for value in texts]}
    content = b"".join(bytes(part) for part in messages(message, _CONTENT)) or _content(message, dtype, count)
    return {"shape": shape, "content": _base64(content)}


def _content(message: memoryview, dtype: str, count: int) -> bytes:
    """The elements as they are in memory, little-endian, out of the fields of their type."""
    size = element_bytes(dtype)
    found: list[bytes] = []
    for field, _, value in fields(message):
        if field in _FIXED and isinstance(value, memoryview):
            found += _cut(bytes(value), size)
        elif field in _VARINTS:
            numbers = [value] if isinstance(value, int) else packed(value)
            found += [(number & ((1 << 8 * size) - 1)).to_bytes(size, "little") for number in numbers]
    if dtype.startswith("complex"):
        found = _cut(b"".join(found), size)
    return b"".join(_filled(found, count, bytes(size)))


def _base64(content: bytes) -> str:
    return b2a_base64(content, newline=False).decode()


def _cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def _filled(found: list[bytes], count: int, empty: bytes) -> list[bytes]:
    """As many elements as there are: the last that is written stands for those that follow it."""
    return (found + [found[-1] if found else empty] * count)[:count]
