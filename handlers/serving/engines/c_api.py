"""TensorFlow's C API through ctypes: the libraries of the TensorFlow wheel, without TensorFlow's Python.

`import tensorflow` reads about ten thousand files and takes more than a second; the two libraries take a fifth of a
second. `tensorflow/c/c_api.h`, which is in the wheel, describes the functions.
"""

import ctypes
import importlib.util
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

from handlers.contract import TENSORFLOW_DIRECTORY, TENSORFLOW_LIBRARY_PATH
from handlers.serving.engines import EngineError

LIBRARY = "libtensorflow_cc.2.dylib" if sys.platform == "darwin" else "libtensorflow_cc.so.2"
"""The library with the C API. It needs the library `tensorflow_framework` in the same directory."""

_SETTINGS = {
    # What TensorFlow logs at start does not help to serve a model.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # On processors with AVX-512 VNNI, TensorFlow computes with oneDNN. By default it then allocates from a pool that
    # never frees memory: a closed model would stay in memory.
    "TF_ONEDNN_USE_SYSTEM_ALLOCATOR": "1",
}
"""Environment variables that TensorFlow reads once, when it is loaded. Variables that are set already stay."""


class Output(ctypes.Structure):
    """TF_Output: one output of one operation, which is a tensor of the graph."""

    _fields_ = (("operation", c_void_p), ("index", c_int))


Deallocator = ctypes.CFUNCTYPE(None, c_void_p, c_size_t, c_void_p)
"""Called when TensorFlow no longer needs the data of a tensor: with data, length and an argument of TF_NewTensor."""

_TENSORS = (POINTER(Output), POINTER(c_void_p), c_int)
"""Three arguments: tensors of the graph, their values, and how many they are."""

_REFUSALS = frozenset({3, 8, 11})
"""The codes of errors that the inputs of a call cause: TF_INVALID_ARGUMENT, TF_RESOURCE_EXHAUSTED (no memory for so
large a tensor) and TF_OUT_OF_RANGE."""

_BLOCKING: dict[str, tuple[Any, list[Any]]] = {
    "TF_NewStatus": (c_void_p, []),
    "TF_DeleteStatus": (None, [c_void_p]),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_Version": (c_char_p, []),
    "TF_NewBufferFromString": (c_void_p, [c_void_p, c_size_t]),
    "TF_DeleteBuffer": (None, [c_void_p]),
    "TF_NewGraph": (c_void_p, []),
    "TF_DeleteGraph": (None, [c_void_p]),
    "TF_NewImportGraphDefOptions": (c_void_p, []),
    "TF_DeleteImportGraphDefOptions": (None, [c_void_p]),
    "TF_GraphImportGraphDef": (None, [c_void_p, c_void_p, c_void_p, c_void_p]),
    "TF_GraphOperationByName": (c_void_p, [c_void_p, c_char_p]),
    "TF_OperationNumOutputs": (c_int, [c_void_p]),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_SetConfig": (None, [c_void_p, c_char_p, c_size_t, c_void_p]),
    "TF_DeleteSessionOptions": (None, [c_void_p]),
    "TF_NewSession": (c_void_p, [c_void_p, c_void_p, c_void_p]),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        [c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p, c_void_p, c_void_p],
    ),
    "TF_SessionRun": (
        None,
        [c_void_p, c_void_p, *_TENSORS, *_TENSORS, c_void_p, c_int, c_void_p, c_void_p],
    ),
    "TF_CloseSession": (None, [c_void_p, c_void_p]),
    "TF_DeleteSession": (None, [c_void_p, c_void_p]),
}
"""Functions that may take long or wait, so other Python threads run meanwhile. By name: result type, argument types."""

_BRIEF: dict[str, tuple[Any, list[Any]]] = {
    "TF_NewTensor": (c_void_p, [c_int, POINTER(c_int64), c_int, c_void_p, c_size_t, Deallocator, c_void_p]),
    "TF_DeleteTensor": (None, [c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
    "TF_TensorByteSize": (c_size_t, [c_void_p]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_StringCopy": (None, [c_void_p, c_char_p, c_size_t]),
    "TF_StringGetDataPointer": (c_void_p, [c_void_p]),
    "TF_StringGetSize": (c_size_t, [c_void_p]),
    "TF_StringDealloc": (None, [c_void_p]),
}
"""Functions that return at once and take no lock. Letting other Python threads run would take longer than the call."""


@cache
def library() -> Any:
    """TensorFlow's C API, with its functions as attributes. Raises EngineError if the libraries cannot be loaded."""
    path = str(_directory() / LIBRARY)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        handle = _open_lazily(path)
        blocking, brief = ctypes.CDLL(path, handle=handle), ctypes.PyDLL(path, handle=handle)
    except OSError as error:
        raise EngineError(f"TensorFlow's library {path} cannot be loaded: {error}") from error
    for functions, source in ((_BLOCKING, blocking), (_BRIEF, brief)):
        for name, (result, arguments) in functions.items():
            function = getattr(source, name)
            function.restype, function.argtypes = result, arguments
    for name in _BRIEF:
        setattr(blocking, name, getattr(brief, name))
    return blocking


@contextmanager
def status(*, of_call: bool = False) -> Generator[int]:
    """A TF_Status for the calls inside the block. Raises EngineError at the end if the last call failed.

    Args:
        of_call: whether a model is called, so that the inputs of the call may be the reason.
    """
    api = library()
    pointer = api.TF_NewStatus()
    try:
        yield pointer
        if code := api.TF_GetCode(pointer):
            raise _error(api.TF_Message(pointer).decode(errors="replace"), of_call and code in _REFUSALS)
    finally:
        api.TF_DeleteStatus(pointer)


def _error(message: str, refuses_inputs: bool) -> EngineError:
    from handlers.serving.engines.messages import plain, reason_of  # late: only errors need it

    return EngineError(reason_of(message) if refuses_inputs else plain(message), refuses_inputs=refuses_inputs)


def _open_lazily(path: str) -> int | None:
    """Open a library and look up each of its functions when it is first called. None if it cannot be opened.

    ctypes would look up all functions at once. Here they are two hundred thousand: four tenths of the time to open.
    """
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = c_void_p, [c_char_p, c_int]
    return dlopen(os.fsencode(path), os.RTLD_LAZY | os.RTLD_LOCAL)


def _directory() -> Path:
    if chosen := os.environ.get(TENSORFLOW_LIBRARY_PATH):
        return Path(chosen)
    if (shipped := Path(TENSORFLOW_DIRECTORY)).is_dir():
        return shipped
    package = importlib.util.find_spec("tensorflow")  # finds it without importing it
    if package is None or package.origin is None:
        raise EngineError(
            f"TensorFlow's libraries are not in this image: {LIBRARY} was looked for in {TENSORFLOW_DIRECTORY} and in "
            f"the package 'tensorflow'. Build the image's target 'tensorflow', or set {TENSORFLOW_LIBRARY_PATH} to the "
            "directory that holds it."
        )
    return Path(package.origin).parent
