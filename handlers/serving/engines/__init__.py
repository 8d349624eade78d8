"""Engines: what runs a model. Each is imported only when a model needs it."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from handlers.manifest import Artifact, EngineName, Signature

if TYPE_CHECKING:
    import numpy as np


class LoadedModel(Protocol):
    """An artifact in memory. `run` may be called from several threads at once."""

    def run(
        self, signature: str, inputs: "Mapping[str, np.ndarray]", outputs: Sequence[str] | None = None
    ) -> "dict[str, np.ndarray]":
        """Answer one request.

        Args:
            signature: one of the artifact's signatures.
            inputs: every input of the signature by public name. Its dtype is the `array_dtype` of the signature's, and
                its shape one that the signature allows. A string tensor is an array of dtype object that holds bytes.
            outputs: the public names to compute, or None for all.

        Returns:
            The outputs by public name, in the order of `outputs` (else the signature's). The caller owns the arrays.

        Raises:
            EngineError: the model cannot compute these inputs (`refuses_inputs`), or the engine failed.
        """
        ...

    def plan(self, signature: str, inputs: "Mapping[str, np.ndarray]") -> None:
        """Prepare what can be prepared for requests of these shapes without computing an answer. Raises EngineError."""
        ...

    def close(self) -> None:
        """Free the memory. Waits for calls that are running; `run` may not be called afterwards."""
        ...


class EngineError(Exception):
    """An engine could not load an artifact or could not run it; the message is the engine's own.

    Args:
        message: what went wrong. If the inputs are refused it is for the caller: one sentence, nothing internal.
        refuses_inputs: whether the model cannot compute these inputs, and could compute others.
    """

    def __init__(self, message: str, *, refuses_inputs: bool = False) -> None:
        super().__init__(message)
        self.refuses_inputs = refuses_inputs


Warmup: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Requests that a model answers: `Manifest.warmup`."""

Loader: TypeAlias = Callable[[Path, Artifact, Mapping[str, Signature], int, Warmup], LoadedModel]
"""See `load`."""


class _Engine(NamedTuple):
    """How an engine is imported."""

    import_loader: Callable[[], Loader]
    """Imports the engine's modules."""
    open_libraries: Callable[[], object] = lambda: None
    """Opens the engine's shared libraries, where that takes long. It may run in a thread beside `import_loader`."""


def _litert() -> Loader:
    from handlers.serving.engines.litert import LiteRTModel

    return LiteRTModel


def _onnxruntime() -> Loader:
    from handlers.serving.engines.onnxruntime import OnnxRuntimeModel

    return OnnxRuntimeModel


def _onnxruntime_library() -> object:
    from handlers.serving.engines.onnxruntime import native

    return native()


def _tensorflow() -> Loader:
    from handlers.serving.engines.tensorflow import TensorFlowModel

    return TensorFlowModel


def _tensorflow_libraries() -> object:
    from handlers.serving.engines.c_api import library

    return library()


_ENGINES: Mapping[EngineName, _Engine] = {
    "litert": _Engine(_litert),
    "onnxruntime": _Engine(_onnxruntime, _onnxruntime_library),
    "tensorflow": _Engine(_tensorflow, _tensorflow_libraries),
}


def array_dtype(dtype: str) -> str:
    """The dtype of the arrays that hold a tensor of this dtype; not for strings.

    numpy has no bfloat16. Such a tensor is an array of uint16 that holds its bits, the upper half of a float32's.
    """
    return "uint16" if dtype == "bfloat16" else dtype


def compiled_module(name: str) -> Any:
    """An engine's compiled module, without the Python packages around it, which import what no call needs.

    Returns None if it is not installed.
    """
    if name in sys.modules:
        return sys.modules[name]
    from importlib.machinery import PathFinder  # late: TensorFlow has no such module
    from importlib.util import module_from_spec

    root, *inner, _ = name.split(".")
    package = PathFinder.find_spec(root)
    places = [] if package is None else package.submodule_search_locations or ()
    found = PathFinder.find_spec(name, ["/".join((place, *inner)) for place in places])
    if found is None or found.loader is None:
        return None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return sys.modules.setdefault(name, module)


def import_engine(engine: EngineName) -> None:
    """Import an engine's modules. Raises EngineError, or ImportError if a package of the engine is missing."""
    _find(engine).import_loader()


def open_libraries(engine: EngineName) -> None:
    """Open the shared libraries of an engine, if it has any that take long to open.

    An error is not raised: the load opens them again, and raises it.
    """
    with suppress(Exception):
        _find(engine).open_libraries()


def load(
    directory: Path,
    artifact: Artifact,
    signatures: Mapping[str, Signature],
    threads: int,
    warmup: Warmup = MappingProxyType({}),
) -> LoadedModel:
    """Load an artifact.

    Args:
        directory: the version's directory, which holds the artifact's files.
        artifact: what to load, and with which engine.
        signatures: the version's signatures.
        threads: how many threads one call may use.
        warmup: requests that the model answers, for each signature. An engine may plan for their shapes first; nothing
            is computed.

    Raises:
        EngineError: the files are not what the artifact says, or the engine is not in this image.
    """
    return _find(artifact.engine).import_loader()(directory, artifact, signatures, threads, warmup)


def _find(engine: EngineName) -> _Engine:
    if engine not in _ENGINES:
        raise EngineError(f"There is no engine {engine!r}; the engines are {', '.join(_ENGINES)}")
    return _ENGINES[engine]
