"""Changes the signatures of a LiteRT file."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils


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


def rename_tensors(content: bytes, names: Mapping[str, Mapping[str, str]]) -> bytes:
    """Give the inputs and outputs of a LiteRT file's signatures other names.

    Args:
        content: the file.
        names: the new name by the old one, for each signature.
    """
    model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    for definition in model.signatureDefs:
        new = names[definition.signatureKey.decode()]
        for entry in (*definition.inputs, *definition.outputs):
            entry.name = new[entry.name.decode()].encode()
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
