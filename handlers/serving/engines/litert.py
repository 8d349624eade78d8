"""LiteRT engine: runs a `.tflite` file with XNNPACK, and maps the weights from the file."""

import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

import numpy as np

from handlers.manifest import Artifact, Signature, TensorSpec
from handlers.serving.engines import EngineError
from handlers.serving.engines.heap import trim_heap

_WRAPPER = "ai_edge_litert._pywrap_litert_interpreter_wrapper"
_BUILTIN_OPERATIONS = 1
"""The operations that `ai_edge_litert.interpreter.Interpreter` uses by default: XNNPACK's, if it has them."""


class _Subgraph:
    """The part of the file that computes a signature. Signatures that compute the same may share it."""

    def __init__(
        self, index: int, inputs: Mapping[str, int], outputs: Mapping[str, int], dtypes: Mapping[str, str]
    ) -> None:
        self.index, self.inputs, self.outputs = index, inputs, outputs
        self.dtypes = dtypes
        """The dtypes of the inputs."""


class LiteRTModel:
    """A `.tflite` file in memory.

    One interpreter serves all signatures, one call at a time. A call already uses all the threads that it may use, and
    a second interpreter would hold a second copy of the weights as XNNPACK packs them, which is half of the memory of
    a model. Calls wait for one another; other Python threads run meanwhile.

    Memory is planned only if the shape of an input differs from that of the last call. No memory is planned for a
    signature that is never called.
    """

    def __init__(self, directory: Path, artifact: Artifact, signatures: Mapping[str, Signature], threads: int) -> None:
        """Map the file. Raises EngineError if LiteRT cannot read it, or if it lacks a signature."""
        self._path = directory / artifact.files[0]
        self._lock = threading.Lock()
        self._errors_so_far = ""
        if not self._path.is_file():
            raise EngineError(f"{self._path} is missing; the litert engine needs it")
        for name in artifact.signatures:
            _refuse_bfloat16(name, signatures[name])
        with self._engine_errors():
            self._interpreter: Any = _interpreter(self._path, threads)
        self._subgraphs = {name: self._find(name, signatures[name]) for name in artifact.signatures}
        self._planned: dict[int, Mapping[int, tuple[int, ...]]] = {}

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """See `LoadedModel.run`."""
        with self._lock, self._engine_errors():
            if self._interpreter is None:
                raise EngineError("the model is closed")
            subgraph = self._subgraphs[signature]
            wanted = subgraph.outputs if outputs is None else outputs
            self._plan(subgraph, inputs)
            self._interpreter.ResetVariableTensors()  # an LSTM would go on from where the call before ended
            for name, index in subgraph.inputs.items():
                self._interpreter.SetTensor(index, inputs[name], subgraph.index)
            self._interpreter.Invoke(subgraph.index)
            return {
                name: np.asarray(self._interpreter.GetTensor(subgraph.outputs[name], subgraph.index)) for name in wanted
            }

    def close(self) -> None:
        """See `LoadedModel.close`."""
        with self._lock:
            self._interpreter = None
            self._subgraphs = {}
        trim_heap()

    def _plan(self, subgraph: _Subgraph, inputs: Mapping[str, np.ndarray]) -> None:
        shapes = {index: inputs[name].shape for name, index in subgraph.inputs.items()}
        if shapes == self._planned.get(subgraph.index):
            return
        self._planned.pop(subgraph.index, None)  # a plan that fails must not count as the last one
        for name, index in subgraph.inputs.items():
            # LiteRT forgets which dimensions of a string tensor are variable once it was given strings.
            strict = subgraph.dtypes[name] != "string"
            self._interpreter.ResizeInputTensor(index, np.array(shapes[index], np.int32), strict, subgraph.index)
        self._interpreter.AllocateTensors(subgraph.index)
        self._planned[subgraph.index] = shapes

    def _find(self, name: str, signature: Signature) -> _Subgraph:
        defined: Mapping[str, Mapping[str, Mapping[str, int]]] = self._interpreter.GetSignatureDefs() or {}
        if name in defined:
            index = self._interpreter.GetSubgraphIndexFromSignature(name)
            inputs, outputs = defined[name]["inputs"], defined[name]["outputs"]
        elif defined:
            raise EngineError(f"{self._path} has no signature {name!r}; it has {sorted(defined)}")
        else:  # a file without signatures has one subgraph, and its tensors have names of their own
            index = 0
            inputs = self._by_tensor_name(signature.inputs, self._interpreter.InputIndices())
            outputs = self._by_tensor_name(signature.outputs, self._interpreter.OutputIndices())
        return _Subgraph(
            index=index,
            inputs=self._chosen(name, "input", signature.inputs, inputs),
            outputs=self._chosen(name, "output", signature.outputs, outputs),
            dtypes={key: spec.dtype for key, spec in signature.inputs.items()},
        )

    def _by_tensor_name(self, specs: Mapping[str, TensorSpec], indices: Sequence[int]) -> dict[str, int]:
        found = {self._interpreter.TensorName(index, 0): int(index) for index in indices}
        return {name: found[key] for name, spec in specs.items() if (key := spec.tensor or name) in found}

    def _chosen(
        self, signature: str, kind: str, specs: Mapping[str, TensorSpec], found: Mapping[str, int]
    ) -> dict[str, int]:
        if missing := sorted(set(specs) - set(found)):
            raise EngineError(
                f"signature {signature!r} of {self._path} has no {kind} {missing}; it has {sorted(found)}"
            )
        return {name: int(found[name]) for name in specs}

    @contextmanager
    def _engine_errors(self) -> Generator[None]:
        """Turn the errors that LiteRT raises into EngineError, each with its own message only.

        An interpreter never empties its buffer of errors, so each message begins with all earlier messages.
        """
        try:
            yield
        except (ValueError, RuntimeError) as error:
            everything = str(error)
            message = everything.removeprefix(self._errors_so_far)
            if isinstance(error, RuntimeError):
                self._errors_so_far = everything
            raise EngineError(message.strip() or everything) from error


@cache
def _wrapper() -> Any:
    """The compiled module of LiteRT, without LiteRT's Python package, which would first open accelerators.

    Raises EngineError if LiteRT is not installed.
    """
    if _WRAPPER in sys.modules:
        return sys.modules[_WRAPPER]
    package = PathFinder.find_spec(_WRAPPER.partition(".")[0])
    found = None if package is None else PathFinder.find_spec(_WRAPPER, package.submodule_search_locations)
    if found is None or found.loader is None:
        raise EngineError("LiteRT is not in this image: install the package 'ai-edge-litert'")
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return sys.modules.setdefault(_WRAPPER, module)


def _interpreter(path: Path, threads: int) -> Any:
    """The object behind `Interpreter(model_path=path, num_threads=threads)`. Raises ValueError in LiteRT's words.

    LiteRT's public way to run a signature resizes even dimensions that the model declares as fixed, and then answers
    nonsense. This object can refuse to.
    """
    no_custom_operations, options, further_options = ([], []), (False,) * 2, (False,) * 4
    return _wrapper().CreateWrapperFromFile(
        str(path), _BUILTIN_OPERATIONS, *no_custom_operations, *options, threads, *further_options
    )


def _refuse_bfloat16(name: str, signature: Signature) -> None:
    """LiteRT takes and gives bfloat16 only as arrays of the package `ml_dtypes`, which is in no image."""
    if any(spec.dtype == "bfloat16" for spec in (*signature.inputs.values(), *signature.outputs.values())):
        raise EngineError(f"LiteRT cannot exchange bfloat16, which signature {name!r} takes or gives")
