"""Reads a SavedModel's `saved_model.pb`: its tags, signatures and nodes. Needs neither TensorFlow nor protobuf.

The messages are TensorFlow's (`saved_model.proto`, `meta_graph.proto`, `graph.proto`). Only the fields that are needed
are read, and the constants of a graph are skipped without a copy.
"""

from collections.abc import Iterator
from typing import NamedTuple

from handlers.manifest import DTYPES, PREDICT_METHOD, Default, Signature, TensorSpec
from handlers.serving.tensor_proto import DATA_TYPES, read_tensor
from handlers.serving.wire_format import MetaGraphError, as_text, entry, fields, messages, signed, text_of

SERVE_TAG = "serve"
"""The tag of the graph that is meant for serving."""

_REFERENCE = 100
"""A data type plus this number is a reference to a variable of that type, as TensorFlow 1 made them."""

_INTERNAL = "__saved_model_"
"""Prefix of the loader's own signatures: `__saved_model_init_op`, `__saved_model_train_op`."""


class Node(NamedTuple):
    """An operation of a graph."""

    name: str
    op: str
    """The kind of operation: `MatMul`, `ReadFile`."""
    device: str
    """The device that it has to run on; empty for any."""
    function: str
    """The function of the graph's library that it belongs to; empty in the graph itself."""


def read_signatures(saved_model_pb: bytes) -> dict[str, Signature]:
    """The signatures of the graph that is tagged `serve` and nothing else, sorted by name.

    The loader's own signatures are left out. So are signatures with an input or output that no request or answer can
    hold: a sparse or composite tensor, a resource, a quantized type.

    Raises:
        MetaGraphError: the bytes are not a `saved_model.pb`, or have no such graph.
    """
    found: dict[str, Signature] = {}
    for message in messages(_serving_graph(saved_model_pb), 5):
        name, value = entry(message)
        signature = None if name.startswith(_INTERNAL) else _signature(value)
        if signature is not None:
            found[name] = signature
    return dict(sorted(found.items()))


def read_tags(saved_model_pb: bytes) -> list[tuple[str, ...]]:
    """The tags of each graph of the SavedModel. Raises MetaGraphError."""
    return [_tags(graph) for graph in _meta_graphs(saved_model_pb)]


def read_nodes(saved_model_pb: bytes) -> Iterator[Node]:
    """Every node of every graph of a SavedModel, also of functions. Raises MetaGraphError."""
    for meta_graph in _meta_graphs(saved_model_pb):
        for graph in messages(meta_graph, 2):
            yield from _nodes(graph)


def read_graph_nodes(graph_def: bytes) -> Iterator[Node]:
    """Every node of a serialized GraphDef (a frozen graph), also of functions. Raises MetaGraphError."""
    yield from _nodes(memoryview(graph_def))


def _nodes(graph: memoryview) -> Iterator[Node]:
    for node in messages(graph, 1):
        yield _node(node, "")
    for library in messages(graph, 2):
        for function in messages(library, 1):
            name = "".join(text_of(signature, 1) for signature in messages(function, 1))
            for node in messages(function, 3):
                yield _node(node, name)


def _node(node: memoryview, function: str) -> Node:
    return Node(name=text_of(node, 1), op=text_of(node, 2), device=text_of(node, 4), function=function)


def _meta_graphs(saved_model_pb: bytes) -> list[memoryview]:
    graphs = list(messages(memoryview(saved_model_pb), 2))
    if not graphs:
        raise MetaGraphError("the bytes are not a saved_model.pb: they hold no graph")
    return graphs


def _serving_graph(saved_model_pb: bytes) -> memoryview:
    """The graph that TensorFlow loads: it has exactly the tag that is asked for, and may come behind others."""
    graphs = {frozenset(_tags(graph)): graph for graph in reversed(_meta_graphs(saved_model_pb))}
    if frozenset({SERVE_TAG}) not in graphs:
        found = " and ".join(f"{{{', '.join(sorted(tags))}}}" for tags in graphs)
        raise MetaGraphError(
            f"no graph is tagged {{{SERVE_TAG}}} and nothing else, which TensorFlow loads for serving; its graphs are "
            f"tagged {found}"
        )
    return graphs[frozenset({SERVE_TAG})]


def _tags(meta_graph: memoryview) -> tuple[str, ...]:
    return tuple(as_text(tag) for information in messages(meta_graph, 1) for tag in messages(information, 4))


def _signature(message: memoryview) -> Signature | None:
    inputs, outputs = (_tensors(message, field) for field in (1, 2))
    if inputs is None or outputs is None:
        return None
    defaults: dict[str, Default] = {name: read_tensor(value) for name, value in map(entry, messages(message, 4))}
    method = text_of(message, 3) or PREDICT_METHOD
    return Signature(inputs=inputs, outputs=outputs, method_name=method, defaults=dict(sorted(defaults.items())))


def _tensors(signature: memoryview, field: int) -> dict[str, TensorSpec] | None:
    found = {name: _tensor(value) for name, value in map(entry, messages(signature, field))}
    specs = {name: spec for name, spec in sorted(found.items()) if spec is not None}
    return specs if len(specs) == len(found) else None


def _tensor(message: memoryview) -> TensorSpec | None:
    name, code, shape = "", 0, memoryview(b"")
    for field, _, value in fields(message):
        if field == 1 and isinstance(value, memoryview):
            name = as_text(value)
        elif field == 2 and isinstance(value, int):
            code = value
        elif field == 3 and isinstance(value, memoryview):
            shape = value
    dtype = DATA_TYPES.get(code % _REFERENCE, "")
    if not name or dtype not in DTYPES:
        return None
    return TensorSpec(dtype=dtype, shape=_shape(shape), tensor=name)


def _shape(message: memoryview) -> tuple[int, ...] | None:
    dimensions: list[int] = []
    for field, _, value in fields(message):
        if field == 3 and value:
            return None
        if field == 2 and isinstance(value, memoryview):
            sizes = [size for inner, _, size in fields(value) if inner == 1 and isinstance(size, int)]
            dimensions.append(max(-1, signed(sizes[-1])) if sizes else 0)
    return tuple(dimensions)
