"""ONNX Runtime engine: runs `.onnx` files, one for each signature."""

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from handlers.manifest import Artifact, Signature
from handlers.numpy_core import version_alone
from handlers.serving.engines import EngineError, Warmup, compiled_module
from handlers.serving.engines.heap import trim_heap

_NATIVE = "onnxruntime.capi.onnxruntime_pybind11_state"

INPUT, OUTPUT = "input_", "output_"
"""What stands in a file before the number that an input or output has among those of the signature."""

NEEDS_ELEMENTS = "needs_elements"
"""The key in a file's metadata that says: inputs without elements would end the process."""

PROVIDERS: Any = (["CPUExecutionProvider"], [{}], set[str]())
"""What computes: the processor alone, without options of its own, and with all of ONNX Runtime's optimizers."""

_NOT_EXCHANGED = frozenset({"string", "bfloat16", "complex64", "complex128"})
"""Element types that no array of numpy holds as ONNX Runtime wants it, or that ONNX Runtime does not have."""

_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""The environment variable without which ONNX Runtime's builds report their use to Microsoft."""

SILENT = 4
"""The severity below which ONNX Runtime writes nothing to standard error. Its errors are raised all the same."""

SPIN_MICROSECONDS = "1000"
"""How long a thread stays awake for the next part of a call. A recurrent network has many short parts, and waking a
thread takes as long as one of them. After a call it stays awake as long, and no longer: others need the processor."""

MOST_PLANS = 32
"""For how many shapes of its inputs a session keeps a plan of its memory. In a recurrent network a call with a plan
takes three quarters of the time, but a caller may send any number of shapes."""


class _Call(NamedTuple):
    """A signature's session, and the names of its tensors there."""

    session: Any
    planned: set[tuple[tuple[int, ...], ...]] | None
    """The shapes of which the session keeps a plan; None if it keeps none."""
    inputs: Mapping[str, str]
    """By public name; without inputs that no output depends on."""
    outputs: Mapping[str, str]
    needs_elements: bool
    """Whether inputs without elements are refused."""


class OnnxRuntimeModel:
    """One `.onnx` file for each signature, in memory.

    One call at a time: a call already uses all the threads that it may use. Other Python threads run meanwhile.
    Packaging has optimized the graphs, so loading optimizes nothing.
    """

    def __init__(
        self,
        directory: Path,
        artifact: Artifact,
        signatures: Mapping[str, Signature],
        threads: int,
        warmup: Warmup,
    ) -> None:
        """Load the files. Raises EngineError if ONNX Runtime cannot read one, or if it lacks a tensor."""
        self._lock = threading.Lock()
        if len(artifact.files) != len(artifact.signatures):
            raise EngineError(
                f"the onnxruntime engine needs a file for each signature; the artifact has {len(artifact.files)} files "
                f"for {len(artifact.signatures)} signatures"
            )
        self._open = {
            name: partial(_open, directory / file, name, signatures[name], threads)
            for name, file in zip(artifact.signatures, artifact.files, strict=True)
        }
        self._calls: dict[str, _Call] | None = {name: open_call(plans=True) for name, open_call in self._open.items()}

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """See `LoadedModel.run`."""
        with self._lock:
            call = self._call(signature, inputs)
            feeds = {tensor: np.require(inputs[name], requirements=["C", "A"]) for name, tensor in call.inputs.items()}
            if call.needs_elements and not all(array.size for array in feeds.values()):
                raise EngineError("the model takes no inputs without elements.", refuses_inputs=True)
            wanted = list(call.outputs if outputs is None else outputs)
            try:
                arrays = call.session.run([call.outputs[name] for name in wanted], feeds, None)
            except Exception as error:  # those of ONNX Runtime have no base of their own
                from handlers.serving.engines.messages import reason_of  # late: only errors need it

                raise EngineError(reason_of(str(error)), refuses_inputs=True) from error
        return dict(zip(wanted, arrays, strict=True))

    def _call(self, signature: str, inputs: Mapping[str, np.ndarray]) -> _Call:
        """What computes a signature. Its session is opened anew, without plans, where it would keep too many."""
        if self._calls is None:
            raise EngineError("the model is closed")
        call = self._calls.get(signature)  # None where it could not be opened anew
        if call is None or _has_too_many_plans(call, inputs):
            del call
            self._calls.pop(signature, None)  # two sessions would take twice the memory
            call = self._calls[signature] = self._open[signature](plans=False)
        return call

    def plan(self, signature: str, inputs: Mapping[str, np.ndarray]) -> None:
        """See `LoadedModel.plan`. ONNX Runtime plans when it first computes."""

    def close(self) -> None:
        """See `LoadedModel.close`."""
        with self._lock:
            self._calls = None
        trim_heap()


def _has_too_many_plans(call: _Call, inputs: Mapping[str, np.ndarray]) -> bool:
    if call.planned is None:
        return False
    call.planned.add(tuple(inputs[name].shape for name in call.inputs))
    return len(call.planned) > MOST_PLANS


def _open(path: Path, name: str, signature: Signature, threads: int, *, plans: bool) -> _Call:
    refuse_types(name, signature)
    if not path.is_file():
        raise EngineError(f"{path} is missing; the onnxruntime engine needs it")
    try:
        session = native().InferenceSession(_options(threads, plans=plans), str(path), True, False)
        session.initialize_session(*PROVIDERS)
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(str(error)) from error
    inputs = {public: f"{INPUT}{number}" for number, public in enumerate(signature.inputs)}
    outputs = {public: f"{OUTPUT}{number}" for number, public in enumerate(signature.outputs)}
    taken, computed = ({each.name for each in found} for found in (session.inputs_meta, session.outputs_meta))
    if not taken <= set(inputs.values()) or computed != set(outputs.values()):
        raise EngineError(
            f"{path} is not of signature {name!r}: it computes {sorted(computed)} from {sorted(taken)}, and the "
            f"signature has {len(inputs)} inputs and {len(outputs)} outputs"
        )
    return _Call(
        session=session,
        planned=set() if plans else None,
        inputs={public: tensor for public, tensor in inputs.items() if tensor in taken},
        outputs=outputs,
        needs_elements=NEEDS_ELEMENTS in session.model_meta.custom_metadata_map,
    )


def _options(threads: int, *, plans: bool) -> Any:
    options = native().SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = native().GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = SILENT
    options.enable_mem_pattern = plans
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.intra_op.spin_duration_us", SPIN_MICROSECONDS)
    return options


def refuse_types(name: str, signature: Signature) -> None:
    """Refuse a signature with element types that ONNX Runtime and numpy do not share. Raises EngineError."""
    found = {spec.dtype for spec in (*signature.inputs.values(), *signature.outputs.values())} & _NOT_EXCHANGED
    if found:
        raise EngineError(f"ONNX Runtime cannot exchange {', '.join(sorted(found))}, which signature {name!r} has")


@cache
def native() -> Any:
    """The compiled module of ONNX Runtime, without its Python package, which imports what no call needs.

    Raises EngineError if ONNX Runtime is not installed.
    """
    with _importing:
        os.environ[_NO_TELEMETRY] = "1"  # read once, when the module is imported
        module = compiled_module(_NATIVE)
        if module is not None:
            with suppress(Exception), version_alone():  # without it, the first answer comes later
                _make_first_array(module)
    if module is None:
        raise EngineError(
            "ONNX Runtime is not in this image: build the image's target 'onnxruntime', or install the package "
            "'onnxruntime'"
        )
    return module


def _make_first_array(module: Any) -> None:
    device = module.OrtDevice(module.OrtDevice.cpu(), module.OrtDevice.default_memory(), 0)
    module.OrtValue.ortvalue_from_numpy(np.zeros(1, np.float32), device).numpy()


_importing = threading.Lock()
"""Held while the module is imported: two models may be loaded at once, and it cannot be initialized twice."""
