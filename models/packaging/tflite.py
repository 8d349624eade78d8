"""LiteRT files as sources: reads their signatures, and rejects operations that LiteRT does not have."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from handlers.manifest import DEFAULT_SIGNATURE, Signature, TensorSpec
from models.packaging.errors import PackagingError, reason_of
from models.packaging.tensor_specs import read_specs, supported_dtype
from models.quiet import captured_output

IDENTIFIER = b"TFL3"
FLEX = "Flex"
"""Prefix of TensorFlow's operations in a LiteRT file."""


def prepare_tflite(path: Path, target: Path) -> Mapping[str, Signature]:
    """Copy a LiteRT file, add a signature if it has none, and return its signatures. Raises PackagingError."""
    content = path.read_bytes()
    if content[4:8] != IDENTIFIER:
        raise PackagingError(f"{path} is not a LiteRT file: it lacks the identifier {IDENTIFIER.decode()}")
    try:
        model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        if not model.signatureDefs:
            _add_signature(path, model)
            content = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        target.write_bytes(content)
        _refuse_foreign_operations(path, model, target)
        return _read_signatures(target)
    except PackagingError:
        raise
    except Exception as error:
        raise PackagingError(f"{path} is not a LiteRT file that can be read: {reason_of(error)}") from error


def share_subgraphs(content: bytes) -> bytes:
    """Make signatures of a LiteRT file that compute the same share one subgraph.

    LiteRT packs the weights of each subgraph separately. A Keras export has the signatures `serve` and
    `serving_default` for one function, and would need the memory twice.
    """
    model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    first: dict[Any, int] = {}
    indices = sorted({definition.subgraphIndex for definition in model.signatureDefs})
    shared = {index: first.setdefault(_computation(model, model.subgraphs[index]), index) for index in indices}
    if len(first) == len(indices):
        return content
    for definition in model.signatureDefs:
        definition.subgraphIndex = shared[definition.subgraphIndex]
    for index in set(shared) - set(shared.values()):
        model.subgraphs[index] = _empty_subgraph()
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _computation(model: Any, graph: Any) -> Any:
    """What a subgraph computes, without the names of its tensors; equal for subgraphs that are interchangeable."""
    tensors = [
        {**vars(tensor), "name": None, "buffer": tensor.buffer if _has_data(model.buffers[tensor.buffer]) else None}
        for tensor in graph.tensors
    ]
    return _frozen((tensors, graph.inputs, graph.outputs, graph.operators))


def _has_data(buffer: Any) -> bool:
    return bool(buffer.size) or (buffer.data is not None and len(buffer.data) > 0)


def _frozen(value: Any) -> Any:
    """A hashable copy of an object of the schema; equal for equal objects."""
    if isinstance(value, Mapping):
        return tuple((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(_frozen(item) for item in value)
    return (type(value), _frozen(vars(value))) if hasattr(value, "__dict__") else value


def _empty_subgraph() -> Any:
    """A replacement for an unused subgraph, so that the others keep their indices."""
    graph: Any = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = [], [], [], []
    return graph


def _refuse_foreign_operations(path: Path, model: Any, target: Path) -> None:
    """Reject TensorFlow's operations, and the custom operations that LiteRT does not have built in."""
    custom = sorted({_text(code.customCode) for code in model.operatorCodes if code.customCode})
    foreign = [name for name in custom if name.startswith(FLEX)]
    if custom and not foreign:
        foreign = _unresolved_operations(target)
    if foreign:
        raise PackagingError(
            f"{path} needs the operations {', '.join(foreign)}, which LiteRT does not have built in. Package the "
            "SavedModel that the file was converted from."
        )


def _unresolved_operations(path: Path) -> list[str]:
    """The custom operations that LiteRT reports as missing when it loads a file."""
    try:
        with captured_output():
            Interpreter(str(path), num_threads=1).allocate_tensors()
    except (RuntimeError, ValueError) as error:
        return re.findall(r"unresolved custom op: (.*?)\.?$", str(error), re.MULTILINE)
    return []


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
        tensor = _text(graph.tensors[index].name)
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


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
