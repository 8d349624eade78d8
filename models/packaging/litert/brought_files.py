"""LiteRT files as sources: reads their signatures, and rejects operations that LiteRT does not have."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from handlers.manifest import DEFAULT_SIGNATURE, Signature, TensorSpec
from models.packaging.errors import PackagingError
from models.packaging.litert.checks import refuse_foreign_operations, refuse_kept_variables
from models.packaging.tensor_specs import read_specs, supported_dtype
from models.quiet import captured_output

IDENTIFIER = b"TFL3"


def prepare_tflite(path: Path, target: Path) -> Mapping[str, Signature]:
    """Copy a LiteRT file, add a signature if it has none, and return its signatures. Raises PackagingError."""
    content = path.read_bytes()
    if content[4:8] != IDENTIFIER:
        state = "is not a LiteRT file" if content else "is empty"
        raise PackagingError(f"{path} {state}; convert the model again")
    try:
        model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        if not model.signatureDefs:
            _add_signature(path, model)
            content = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        target.write_bytes(content)
        refuse_foreign_operations(path, model, target)
        refuse_kept_variables(path, model)
        return _read_signatures(target)
    except PackagingError:
        raise
    except Exception as error:
        raise PackagingError(
            f"{path} is a LiteRT file that is damaged or cut short; convert the model again"
        ) from error


def _add_signature(path: Path, model: Any) -> None:
    """Name the inputs and outputs of the main graph after their tensors. Raises PackagingError."""
    graph = model.subgraphs[0]
    signature: Any = schema.SignatureDefT()
    signature.signatureKey = DEFAULT_SIGNATURE.encode()
    signature.subgraphIndex = 0
    signature.inputs = _tensor_maps(path, graph, graph.inputs)
    signature.outputs = _tensor_maps(path, graph, graph.outputs)
    model.signatureDefs = [signature]


def _tensor_maps(path: Path, graph: Any, indices: Sequence[int]) -> list[Any]:
    entries: dict[str, Any] = {}
    for index in dict.fromkeys(int(index) for index in indices):
        tensor = text_of(graph.tensors[index].name)
        name = _public_name(tensor)
        if not name or name in entries:
            raise PackagingError(
                f"{path} has no signature, and its tensor {tensor!r} cannot be told from others by its name. Package "
                "the SavedModel that the file was converted from, or convert it with signatures."
            )
        entries[name] = schema.TensorMapT()
        entries[name].name, entries[name].tensorIndex = name.encode(), index
    return list(entries.values())


def _public_name(tensor: str) -> str:
    """`a` for the tensor `serving_default_a:0`, and `b_1` for `b:1`, the second output of the operation `b`."""
    operation, _, output = tensor.removeprefix(f"{DEFAULT_SIGNATURE}_").partition(":")
    return operation if output in ("", "0") else f"{operation}_{output}"


def _read_signatures(path: Path) -> Mapping[str, Signature]:
    with captured_output():
        interpreter: Any = Interpreter(str(path), num_threads=1)
        signatures: dict[str, Signature] = {}
        for name in sorted(interpreter.get_signature_list()):
            runner = interpreter.get_signature_runner(name)
            signatures[name] = Signature(
                inputs=read_specs(name, runner.get_input_details(), _spec),
                outputs=read_specs(name, runner.get_output_details(), _spec),
            )
    return signatures


def _spec(where: str, detail: Mapping[str, Any]) -> TensorSpec:
    dtype = "string" if detail["dtype"] in (np.bytes_, np.object_, np.str_) else np.dtype(detail["dtype"]).name
    shape = detail.get("shape_signature", detail["shape"])
    return TensorSpec(
        dtype=supported_dtype(where, dtype), shape=tuple(int(size) for size in shape), tensor=detail["name"]
    )


def text_of(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
