"""TensorFlow engine: a SavedModel or a frozen graph in a session of TensorFlow's C API."""

import ctypes
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from ctypes import c_void_p
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from handlers.manifest import Artifact, Signature, TensorSpec
from handlers.serving.engines import EngineError, Warmup
from handlers.serving.engines.c_api import Output, library, status
from handlers.serving.engines.heap import trim_heap
from handlers.serving.engines.tensors import to_array, to_tensor
from handlers.serving.meta_graph import SERVE_TAG

_SAVED_MODEL_FILE = "saved_model.pb"


class _Call(NamedTuple):
    """A signature as TF_SessionRun takes it. Every call computes all outputs: for each other choice of outputs,
    TensorFlow would make and keep another copy of the graph."""

    inputs: Mapping[str, str]
    """Dtype by public name."""
    outputs: Sequence[str]
    feeds: Any
    fetches: Any


class TensorFlowModel:
    """A SavedModel or a frozen graph in memory: one graph and one session for all signatures.

    In both forms, `TensorSpec.tensor` names the tensors of a signature. Calls run in parallel.
    """

    def __init__(
        self,
        directory: Path,
        artifact: Artifact,
        signatures: Mapping[str, Signature],
        threads: int,
        warmup: Warmup,
    ) -> None:
        """Load the graph and its variables, and run its initializers. Raises EngineError."""
        self._api = library()
        self._idle = threading.Condition()
        self._running = 0
        self._session: int | None = None
        self._graph: int = self._api.TF_NewGraph()
        try:
            if artifact.form == "saved_model":
                self._session = self._load_saved_model(_export(directory, artifact), threads)
            else:
                self._session = self._load_frozen_graph(directory / artifact.files[0], threads)
            self._calls = {name: self._call(name, signatures[name]) for name in artifact.signatures}
        except BaseException:
            self.close()
            raise

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """See `LoadedModel.run`."""
        with self._in_use():
            call = self._calls[signature]
            tensors = self._answer(call, inputs)
        try:
            return {name: to_array(tensors[name]) for name in (call.outputs if outputs is None else outputs)}
        finally:
            for tensor in tensors.values():
                self._api.TF_DeleteTensor(tensor)

    def plan(self, signature: str, inputs: Mapping[str, np.ndarray]) -> None:
        """See `LoadedModel.plan`. TensorFlow plans when it first computes."""

    def close(self) -> None:
        """See `LoadedModel.close`."""
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0)
            session, self._session = self._session, None
            graph, self._graph = self._graph, 0
        self._calls = {}
        if session:
            with status() as failed:
                self._api.TF_CloseSession(session, failed)
                self._api.TF_DeleteSession(session, failed)
        if graph:
            self._api.TF_DeleteGraph(graph)
        trim_heap()

    def _answer(self, call: _Call, inputs: Mapping[str, np.ndarray]) -> dict[str, int]:
        """The outputs by public name, as tensors that the caller has to delete."""
        feeds, answers = (c_void_p * len(call.inputs))(), (c_void_p * len(call.outputs))()
        try:
            for position, (name, dtype) in enumerate(call.inputs.items()):
                feeds[position] = to_tensor(inputs[name], dtype)
            with status(of_call=True) as failed:
                self._api.TF_SessionRun(
                    self._session, None,
                    call.feeds, feeds, len(feeds),
                    call.fetches, answers, len(answers),
                    None, 0, None, failed,
                )  # fmt: skip
        finally:
            for tensor in feeds:
                self._api.TF_DeleteTensor(tensor)
        return dict(zip(call.outputs, answers, strict=True))

    @contextmanager
    def _in_use(self) -> Generator[None]:
        with self._idle:
            if self._session is None:
                raise EngineError("the model is closed")
            self._running += 1
        try:
            yield
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _load_saved_model(self, export: Path, threads: int) -> int:
        if not (export / _SAVED_MODEL_FILE).is_file():
            raise EngineError(f"{export} holds no {_SAVED_MODEL_FILE}; the tensorflow engine needs it")
        tags = (ctypes.c_char_p * 1)(SERVE_TAG.encode())
        with self._options(_config(threads)) as options, status() as failed:
            return self._api.TF_LoadSessionFromSavedModel(
                options, None, str(export).encode(), tags, 1, self._graph, None, failed
            )

    def _load_frozen_graph(self, path: Path, threads: int) -> int:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise EngineError(f"{path} cannot be read: {error.strerror}") from error
        with ExitStack() as resources:
            buffer = self._api.TF_NewBufferFromString(content, len(content))
            resources.callback(self._api.TF_DeleteBuffer, buffer)
            how = self._api.TF_NewImportGraphDefOptions()
            resources.callback(self._api.TF_DeleteImportGraphDefOptions, how)
            with status() as failed:
                self._api.TF_GraphImportGraphDef(self._graph, buffer, how, failed)
        with self._options(_config(threads) + _OPTIMIZERS_OFF) as options, status() as failed:
            return self._api.TF_NewSession(self._graph, options, failed)

    @contextmanager
    def _options(self, config: bytes) -> Generator[int]:
        options = self._api.TF_NewSessionOptions()
        try:
            with status() as failed:
                self._api.TF_SetConfig(options, config, len(config), failed)
            yield options
        finally:
            self._api.TF_DeleteSessionOptions(options)

    def _call(self, name: str, signature: Signature) -> _Call:
        return _Call(
            inputs={key: spec.dtype for key, spec in signature.inputs.items()},
            outputs=tuple(signature.outputs),
            feeds=self._tensors(name, signature.inputs),
            fetches=self._tensors(name, signature.outputs),
        )

    def _tensors(self, signature: str, specs: Mapping[str, TensorSpec]) -> Any:
        found = (Output * len(specs))()
        for position, (name, spec) in enumerate(specs.items()):
            operation, _, index = spec.tensor.partition(":")
            pointer = self._api.TF_GraphOperationByName(self._graph, operation.encode())
            if not pointer or int(index or 0) >= self._api.TF_OperationNumOutputs(pointer):
                raise EngineError(
                    f"the graph has no tensor {spec.tensor!r}, which signature {signature!r} names for {name!r}"
                )
            found[position] = Output(pointer, int(index or 0))
        return found


def _export(directory: Path, artifact: Artifact) -> Path:
    """The directory of the artifact's SavedModel."""
    for path in artifact.files:
        if Path(path).name == _SAVED_MODEL_FILE:
            return directory / Path(path).parent
    raise EngineError(f"the artifact lists no {_SAVED_MODEL_FILE}; it lists {list(artifact.files)}")


_OPTIMIZERS_OFF = bytes.fromhex("52121a0b18ffffffffffffffffff015203980101")
"""ConfigProto {graph_options {optimizer_options {opt_level: L0}, rewrite_options {disable_meta_optimizer: true}}}.

Packaging has already inlined and folded the graph. Doing it again would take a fifth of the time of the first call, and
would make a second copy of the folded weights."""


def _config(threads: int) -> bytes:
    """ConfigProto {intra_op_parallelism_threads, inter_op_parallelism_threads, allow_soft_placement: true}."""
    count = min(threads, 0x7F)  # what one byte holds
    return bytes((0x10, count, 0x28, count, 0x38, 1))
