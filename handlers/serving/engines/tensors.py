"""From numpy arrays to TensorFlow's tensors, and back.

Numbers are not copied on the way in, unless TensorFlow needs memory that is aligned differently. They are copied on
the way out.
"""

import ctypes
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from handlers.serving.engines import EngineError, array_dtype
from handlers.serving.engines.c_api import Deallocator, library
from handlers.serving.tensor_proto import DATA_TYPES

_CODES: Mapping[str, int] = {name: code for code, name in DATA_TYPES.items()}
_STRING, _BFLOAT16 = _CODES["string"], _CODES["bfloat16"]
_ARRAY_TYPES: Mapping[int, np.dtype] = {
    code: np.dtype(array_dtype(name)) for code, name in DATA_TYPES.items() if code != _STRING
}
_TENSOR_CODES: Mapping[np.dtype, int] = {dtype: code for code, dtype in _ARRAY_TYPES.items() if code != _BFLOAT16}

_STRING_BYTES = 24
"""Size of a TF_TString. If all its bytes are zero, it is the empty string."""

_ALIGNMENT = 64
"""TensorFlow ends the process if the memory of a string tensor is aligned to less than this."""

_lent: dict[int, np.ndarray] = {}
"""Arrays whose memory TensorFlow uses. A model may keep an input for longer than a call, for example in a variable."""

_tickets = itertools.count(1)


def to_tensor(array: np.ndarray, dtype: str) -> int:
    """A new TF_Tensor of the array's elements. The caller has to delete it.

    Raises:
        EngineError: the array's dtype has no counterpart in TensorFlow.
    """
    if array.dtype == object:
        return _from_strings(array)
    code = _BFLOAT16 if dtype == "bfloat16" and array.dtype == np.uint16 else _TENSOR_CODES.get(array.dtype)
    if code is None:
        raise EngineError(f"TensorFlow has no tensor of {array.dtype}; allowed are {sorted(_CODES)}")
    array = np.asarray(array, order="C")
    return _new_tensor(code, array.shape, array.__array_interface__["data"][0], array.nbytes, array, _release)


def to_array(tensor: int) -> np.ndarray:
    """A new array of the tensor's elements. Raises EngineError if they are neither numbers nor strings."""
    api = library()
    code = api.TF_TensorType(tensor)
    shape = tuple(api.TF_Dim(tensor, axis) for axis in range(api.TF_NumDims(tensor)))
    if code == _STRING:
        return _to_strings(api.TF_TensorData(tensor), shape)
    if code not in _ARRAY_TYPES:
        raise EngineError(f"the model answered with a tensor of TensorFlow's data type {code}, which has no values")
    array = np.empty(shape, _ARRAY_TYPES[code])
    if array.nbytes:
        ctypes.memmove(array.__array_interface__["data"][0], api.TF_TensorData(tensor), array.nbytes)
    return array


def _from_strings(array: np.ndarray) -> int:
    api = library()
    memory = np.zeros(array.size * _STRING_BYTES + _ALIGNMENT, np.uint8)
    start = -(-memory.__array_interface__["data"][0] // _ALIGNMENT) * _ALIGNMENT
    for position, value in enumerate(array.ravel().tolist()):
        content = value.encode() if isinstance(value, str) else value
        if not isinstance(content, bytes):
            raise EngineError(f"a string tensor holds bytes, not {value!r}")
        api.TF_StringCopy(start + position * _STRING_BYTES, content, len(content))
    return _new_tensor(_STRING, array.shape, start, array.size * _STRING_BYTES, memory, _release_strings)


def _to_strings(address: int, shape: tuple[int, ...]) -> np.ndarray:
    api = library()
    array = np.empty(shape, object)
    for position in range(array.size):
        item = address + position * _STRING_BYTES
        array.flat[position] = ctypes.string_at(api.TF_StringGetDataPointer(item), api.TF_StringGetSize(item))
    return array


def _new_tensor(code: int, shape: tuple[int, ...], address: int, length: int, memory: np.ndarray, release: Any) -> int:
    ticket = next(_tickets)
    _lent[ticket] = memory
    dimensions = (ctypes.c_int64 * len(shape))(*shape)
    return library().TF_NewTensor(code, dimensions, len(shape), address, length, release, ticket)


@Deallocator
def _release(_data: int, _length: int, ticket: int) -> None:
    _lent.pop(ticket, None)


@Deallocator
def _release_strings(data: int, length: int, ticket: int) -> None:
    for item in range(data, data + length, _STRING_BYTES):
        library().TF_StringDealloc(item)
    _lent.pop(ticket, None)
