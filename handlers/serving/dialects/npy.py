"""Reads and writes arrays as numpy saves them. Nothing is unpickled.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import ast
from math import prod
from typing import Any

import numpy as np

from handlers.serving.dialects.tensors import MAX_RANK
from handlers.serving.errors import InvalidRequest

_MAGIC = b"\x93NUMPY"
_ALIGNMENT = 64
_LARGEST_HEADER = 4096
_KINDS = frozenset("biuf")


def read(content: bytes) -> np.ndarray:
    """The array of a `.npy` file, which uses the bytes of the file. Raises InvalidRequest."""
    start = 10 if content[6:7] == b"\x01" else 12
    length = int.from_bytes(content[8:start], "little")
    if not content.startswith(_MAGIC) or length > _LARGEST_HEADER or start + length > len(content):
        raise InvalidRequest("The body is not an npy file: it does not begin as one, or it ends in its header")
    dtype, shape, order = _described(content[start : start + length])
    data = memoryview(content)[start + length :]
    if len(data) != prod(shape) * dtype.itemsize:
        raise InvalidRequest(
            f"The npy file holds {len(data)} bytes, but its header says {prod(shape)} elements of {dtype.itemsize}"
        )
    array = np.frombuffer(data, dtype).reshape(shape, order=order)
    return array.view(np.uint8) != 0 if dtype.kind == "b" else array  # any byte but zero is true


def write(array: np.ndarray) -> bytes:
    """A `.npy` file of an array of numbers or truths. Raises InvalidRequest for any other array."""
    if array.dtype.kind not in _KINDS:
        raise InvalidRequest(f"The answer is of type {array.dtype.name}, which an npy file cannot hold: accept JSON")
    described = f"{{'descr': {array.dtype.str!r}, 'fortran_order': False, 'shape': {array.shape!r}, }}"
    header = described.ljust(-(-(len(described) + 11) // _ALIGNMENT) * _ALIGNMENT - 11) + "\n"
    length = len(header).to_bytes(2, "little")
    return b"".join((_MAGIC, b"\x01\x00", length, header.encode(), np.ascontiguousarray(array).tobytes()))


def _described(header: bytes) -> tuple[np.dtype[Any], tuple[int, ...], Any]:
    try:
        found = ast.literal_eval(header.decode("latin-1").strip())
        descr, shape, is_fortran = found["descr"], found["shape"], found["fortran_order"]
        dtype = np.dtype(descr) if type(descr) is str else None
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        raise InvalidRequest("The header of the npy file cannot be read") from None
    if dtype is None or dtype.kind not in _KINDS:
        raise InvalidRequest(f"The npy file holds {str(descr)[:40]!r}; allowed are integers, decimals and truths")
    if type(shape) is not tuple or not all(type(size) is int and 0 <= size < 2**31 for size in shape):
        raise InvalidRequest("The shape in the header of the npy file is none")
    if len(shape) > MAX_RANK:
        raise InvalidRequest(f"The npy file has {len(shape)} dimensions, and at most {MAX_RANK} can be")
    return dtype, shape, "F" if is_fortran is True else "C"
