"""LiteRT files as a source: their signatures, and what could not be served."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from handlers.manifest import DEFAULT_SIGNATURE, DTYPES, Signature, TensorSpec
from models.packaging.errors import PackagingError
from models.quiet import captured_output

IDENTIFIER = b"TFL3"


def prepare_tflite(path: Path, target: Path) -> Mapping[str, Signature]:
    """Copy a LiteRT file, with a signature where it has none, and read its signatures. Raises PackagingError."""
    content = path.read_bytes()
    if content[4:8] != IDENTIFIER:
        raise PackagingError(f"{path} is not a LiteRT file: it lacks the identifier {IDENTIFIER.decode()}")
    try:
        model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        _refuse_foreign_operations(path, model)
        if not model.signatureDefs:
            _add_signature(model)
            content = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        target.write_bytes(content)
        return _read_signatures(target)
    except PackagingError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise PackagingError(f"{path} is not a LiteRT file that can be read: {lines[0][:300]}") from error


def _refuse_foreign_operations(path: Path, model: Any) -> None:
    foreign = sorted({_text(code.customCode) for code in model.operatorCodes if code.customCode})
    if foreign:
        raise PackagingError(
            f"{path} needs the operations {', '.join(foreign)}, which LiteRT does not have built in. Package the "
            "SavedModel that it was converted from."
        )


def _add_signature(model: Any) -> None:
    """Name the inputs and outputs of the main graph after their tensors."""
    graph = model.subgraphs[0]
    signature: Any = schema.SignatureDefT()
    signature.signatureKey = DEFAULT_SIGNATURE.encode()
    signature.subgraphIndex = 0
    signature.inputs = [_tensor_map(graph, index) for index in graph.inputs]
    signature.outputs = [_tensor_map(graph, index) for index in graph.outputs]
    model.signatureDefs = [signature]


def _tensor_map(graph: Any, index: int) -> Any:
    entry: Any = schema.TensorMapT()
    name = _text(graph.tensors[index].name).split(":")[0].removeprefix(f"{DEFAULT_SIGNATURE}_")
    entry.name = name.encode()
    entry.tensorIndex = index
    return entry


def _read_signatures(path: Path) -> Mapping[str, Signature]:
    with captured_output():
        interpreter: Any = Interpreter(str(path), num_threads=1)
        signatures: dict[str, Signature] = {}
        for name in sorted(interpreter.get_signature_list()):
            runner = interpreter.get_signature_runner(name)
            signatures[name] = Signature(
                inputs=_specs(name, runner.get_input_details()), outputs=_specs(name, runner.get_output_details())
            )
    return signatures


def _specs(signature: str, details: Mapping[str, Any]) -> Mapping[str, TensorSpec]:
    return {name: _spec(f"{signature}.{name}", details[name]) for name in sorted(details)}


def _spec(where: str, detail: Mapping[str, Any]) -> TensorSpec:
    dtype = "string" if detail["dtype"] in (np.bytes_, np.object_, np.str_) else np.dtype(detail["dtype"]).name
    if dtype not in DTYPES:
        raise PackagingError(f"{where} has the dtype {dtype}; allowed are {', '.join(sorted(DTYPES))}")
    shape = detail.get("shape_signature", detail["shape"])
    return TensorSpec(dtype=dtype, shape=tuple(int(size) for size in shape), tensor=detail["name"])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
