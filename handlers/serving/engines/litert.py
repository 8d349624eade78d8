"""LiteRT engine: runs a `.tflite` file with XNNPACK, and maps the weights from the file."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from handlers.manifest import Artifact, Signature, TensorSpec
from handlers.serving.engines import EngineError, Warmup, compiled_module
from handlers.serving.engines.heap import trim_heap

_WRAPPER = "ai_edge_litert._pywrap_litert_interpreter_wrapper"

_WITH_XNNPACK, _WITHOUT_XNNPACK = 1, 3
"""The operations of an interpreter: XNNPACK's as far as it has them, or LiteRT's own alone. The numbers are those of
`ai_edge_litert.interpreter.OpResolverType`."""

_MOST_ERROR_CHARACTERS = 65_536
"""How many characters of errors an interpreter may keep."""

_Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
"""The shape of each input."""


class _Subgraph:
    """The part of the file that computes a signature. Signatures that compute the same may share it."""

    def __init__(
        self,
        index: int,
        inputs: Mapping[str, int],
        outputs: Mapping[str, int],
        dtypes: Mapping[str, str],
        known: _Shapes | None,
    ) -> None:
        self.index, self.inputs, self.outputs = index, inputs, outputs
        self.dtypes = dtypes
        """The dtypes of the inputs."""
        self.known = known
        """Shapes of the inputs that the model takes; None if no such shapes are known."""


class LiteRTModel:
    """A `.tflite` file in memory.

    One interpreter serves all signatures, one call at a time. A call already uses all the threads that it may use, and
    a second interpreter would hold a second copy of the weights as XNNPACK packs them, which is half of the memory of
    a model. Calls wait for one another; other Python threads run meanwhile. Memory is planned only if the shape of an
    input differs from that of the last call; none is planned for a signature that is never called.

    An answer does not depend on the calls before it. When memory is first planned for a subgraph, LiteRT hands its
    operations over to XNNPACK. If that plan fails, LiteRT uses its own operations ever after, and those round
    differently. So shapes that the model is known to take are planned first, and an interpreter whose first plan failed
    is not used again. XNNPACK also fails for tensors without elements, or computes them from memory that nothing was
    written to. A call with such an input has an interpreter of its own, without XNNPACK.
    """

    def __init__(
        self,
        directory: Path,
        artifact: Artifact,
        signatures: Mapping[str, Signature],
        threads: int,
        warmup: Warmup,
    ) -> None:
        """Map the file. Raises EngineError if LiteRT cannot read it, or if it lacks a signature."""
        self._path, self._threads = directory / artifact.files[0], threads
        self._lock = threading.Lock()
        if not self._path.is_file():
            raise EngineError(f"{self._path} is missing; the litert engine needs it")
        for name in artifact.signatures:
            _refuse_bfloat16(name, signatures[name])
        self._interpreter: _Interpreter | None = self._open(_WITH_XNNPACK)
        raw = self._interpreter.raw
        self._subgraphs = {
            name: self._find(name, signatures[name], warmup.get(name), raw) for name in artifact.signatures
        }

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """See `LoadedModel.run`."""
        with self._lock:
            try:
                interpreter, subgraph = self._planned(signature, inputs)
                return interpreter.run(subgraph, inputs, subgraph.outputs if outputs is None else outputs)
            finally:
                self._replace_spent()

    def plan(self, signature: str, inputs: Mapping[str, np.ndarray]) -> None:
        """See `LoadedModel.plan`. XNNPACK packs the weights when memory is first planned."""
        with self._lock:
            try:
                self._planned(signature, inputs)
            finally:
                self._replace_spent()

    def close(self) -> None:
        """See `LoadedModel.close`."""
        with self._lock:
            self._interpreter = None
            self._subgraphs = {}
        trim_heap()

    def _planned(self, signature: str, inputs: Mapping[str, np.ndarray]) -> "tuple[_Interpreter, _Subgraph]":
        """What computes a signature for these inputs, with memory planned for their shapes."""
        interpreter = self._interpreter
        if interpreter is None:
            raise EngineError("the model is closed")
        subgraph = self._subgraphs[signature]
        shapes = {name: inputs[name].shape for name in subgraph.inputs}
        if shapes != interpreter.planned.get(subgraph.index):
            if not all(map(all, shapes.values())):
                interpreter = self._open(_WITHOUT_XNNPACK)
            interpreter.plan(subgraph, shapes)
        return interpreter, subgraph

    def _replace_spent(self) -> None:
        if self._interpreter is not None and self._interpreter.is_spent:
            self._interpreter = self._open(_WITH_XNNPACK)

    def _open(self, operations: int) -> "_Interpreter":
        return _Interpreter(self._path, operations, self._threads)

    def _find(self, name: str, signature: Signature, warmup: Mapping[str, Any] | None, raw: Any) -> _Subgraph:
        defined: Mapping[str, Mapping[str, Mapping[str, int]]] = raw.GetSignatureDefs() or {}
        if name in defined:
            index = raw.GetSubgraphIndexFromSignature(name)
            inputs, outputs = defined[name]["inputs"], defined[name]["outputs"]
        elif defined:
            raise EngineError(f"{self._path} has no signature {name!r}; it has {sorted(defined)}")
        else:  # a file without signatures has one subgraph, and its tensors have names of their own
            index = 0
            inputs = _by_tensor_name(signature.inputs, raw.InputIndices(), raw)
            outputs = _by_tensor_name(signature.outputs, raw.OutputIndices(), raw)
        return _Subgraph(
            index=index,
            inputs=self._chosen(name, "input", signature.inputs, inputs),
            outputs=self._chosen(name, "output", signature.outputs, outputs),
            dtypes={key: spec.dtype for key, spec in signature.inputs.items()},
            known=_known_shapes(signature, warmup or {}),
        )

    def _chosen(
        self, signature: str, kind: str, specs: Mapping[str, TensorSpec], found: Mapping[str, int]
    ) -> dict[str, int]:
        if missing := sorted(set(specs) - set(found)):
            raise EngineError(
                f"signature {signature!r} of {self._path} has no {kind} {missing}; it has {sorted(found)}"
            )
        return {name: int(found[name]) for name in specs}


class _Interpreter:
    """LiteRT's interpreter, and the shapes that memory is planned for."""

    def __init__(self, path: Path, operations: int, threads: int) -> None:
        self.is_spent = False
        """Whether it has to be replaced: its first plan failed, or it keeps many errors."""
        self.planned: dict[int, _Shapes] = {}
        """The shapes of the last call, by the index of the subgraph."""
        self._begun: set[int] = set()
        """The subgraphs that were planned before."""
        self._has_xnnpack = operations == _WITH_XNNPACK
        self._errors_so_far = ""
        try:
            self.raw = _open_raw(path, operations, threads)
        except (ValueError, RuntimeError) as error:
            raise EngineError(self._message(error)) from error

    def plan(self, subgraph: _Subgraph, shapes: _Shapes) -> None:
        """Plan memory for these shapes. Raises EngineError."""
        planned = self.planned.pop(subgraph.index, None)  # a plan that fails must not count as the last one
        if subgraph.index not in self._begun and subgraph.known is not None and self._has_xnnpack:
            try:
                self._allocate(subgraph, subgraph.known)
            except (ValueError, RuntimeError) as error:
                self.is_spent = True
                raise EngineError(self._message(error)) from error
            self._begun.add(subgraph.index)
            planned = subgraph.known
        if shapes != planned:
            try:
                self._allocate(subgraph, shapes)
            except (ValueError, RuntimeError) as error:
                self.is_spent |= subgraph.index not in self._begun
                raise self._refusal(error) from error
        self._begun.add(subgraph.index)
        self.planned[subgraph.index] = shapes
        if subgraph.known is None and self._has_xnnpack:
            subgraph.known = shapes

    def run(
        self, subgraph: _Subgraph, inputs: Mapping[str, np.ndarray], outputs: Iterable[str]
    ) -> dict[str, np.ndarray]:
        """Compute. Memory must be planned for the shapes of the inputs. Raises EngineError."""
        try:
            self.raw.ResetVariableTensors()  # an LSTM would go on from where the last call ended
            for name, index in subgraph.inputs.items():
                self.raw.SetTensor(index, inputs[name], subgraph.index)
            self.raw.Invoke(subgraph.index)
            return {name: np.asarray(self.raw.GetTensor(subgraph.outputs[name], subgraph.index)) for name in outputs}
        except (ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def _allocate(self, subgraph: _Subgraph, shapes: _Shapes) -> None:
        for name, index in subgraph.inputs.items():
            # LiteRT forgets which dimensions of a string tensor are variable once it was given strings.
            strict = subgraph.dtypes[name] != "string"
            self.raw.ResizeInputTensor(index, np.array(shapes[name], np.int32), strict, subgraph.index)
        self.raw.AllocateTensors(subgraph.index)

    def _refusal(self, error: Exception) -> EngineError:
        from handlers.serving.engines.messages import reason_of  # late: only errors need it

        return EngineError(reason_of(self._message(error)), refuses_inputs=True)

    def _message(self, error: Exception) -> str:
        """An error's own message. LiteRT never empties its buffer of errors, so that each message begins with all
        earlier messages."""
        everything = str(error)
        message = everything.removeprefix(self._errors_so_far).strip() or everything
        if isinstance(error, RuntimeError):
            self._errors_so_far = everything
            self.is_spent |= len(everything) > _MOST_ERROR_CHARACTERS
        return message


def _known_shapes(signature: Signature, warmup: Mapping[str, Any]) -> _Shapes | None:
    """The shapes of a warm-up request, if it has every input and none is empty."""
    shapes = {name: _shape(warmup[name]) for name in signature.inputs if name in warmup}
    return shapes if shapes.keys() == signature.inputs.keys() and all(map(all, shapes.values())) else None


def _shape(values: Any) -> tuple[int, ...]:
    """The shape of an input of a warm-up request."""
    if isinstance(values, dict):
        return tuple(values.get("zeros", ()))  # else {"b64": ...}, which is one string
    if not isinstance(values, list):
        return ()
    return (len(values), *(_shape(values[0]) if values else ()))


def _by_tensor_name(specs: Mapping[str, TensorSpec], indices: Sequence[int], raw: Any) -> dict[str, int]:
    found = {raw.TensorName(index, 0): int(index) for index in indices}
    return {name: found[key] for name, spec in specs.items() if (key := spec.tensor or name) in found}


@cache
def _wrapper() -> Any:
    """The compiled module of LiteRT, without LiteRT's Python package, which would first open accelerators.

    Raises EngineError if LiteRT is not installed.
    """
    module = compiled_module(_WRAPPER)
    if module is None:
        raise EngineError("LiteRT is not in this image: install the package 'ai-edge-litert'")
    return module


def _open_raw(path: Path, operations: int, threads: int) -> Any:
    """The object behind `Interpreter(model_path=path, num_threads=threads)`. Raises ValueError in LiteRT's words.

    LiteRT's public way to run a signature resizes even dimensions that the model declares as fixed, and then answers
    nonsense. This object can refuse to.
    """
    no_custom_operations, options, further_options = ([], []), (False,) * 2, (False,) * 4
    return _wrapper().CreateWrapperFromFile(
        str(path), operations, *no_custom_operations, *options, threads, *further_options
    )


def _refuse_bfloat16(name: str, signature: Signature) -> None:
    """LiteRT takes and gives bfloat16 only as arrays of the package `ml_dtypes`, which is in no image."""
    if any(spec.dtype == "bfloat16" for spec in (*signature.inputs.values(), *signature.outputs.values())):
        raise EngineError(f"LiteRT cannot exchange bfloat16, which signature {name!r} takes or gives")
