"""Reads a SavedModel's `saved_model.pb`: its tags, signatures and nodes. Needs neither TensorFlow nor protobuf.

The messages are TensorFlow's (`saved_model.proto`, `meta_graph.proto`, `graph.proto`). Only the fields that are needed
are read, and the constants of a graph are skipped without a copy.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from handlers.manifest import DTYPES, PREDICT_METHOD, Signature, TensorSpec

DATA_TYPES: Mapping[int, str] = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 8: "complex64",
    9: "int64", 10: "bool", 14: "bfloat16", 17: "uint16", 18: "complex128", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
"""TensorFlow's numbers of the element types that a signature may have (`types.proto`)."""

SERVE_TAG = "serve"
"""The tag of the graph that is meant for serving."""

_REFERENCE = 100
"""A data type plus this number is a reference to a variable of that type, as TensorFlow 1 made them."""

_INTERNAL = "__saved_model_"
"""Prefix of the loader's own signatures: `__saved_model_init_op`, `__saved_model_train_op`."""

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


class MetaGraphError(ValueError):
    """The bytes are not a `saved_model.pb` or a graph. The message says what is wrong with them."""


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
    """The signatures of the graph that is tagged `serve`, else of the first graph, sorted by name.

    The loader's own signatures are left out. So are signatures with an input or output that no request or answer can
    hold: a sparse or composite tensor, a resource, a quantized type.

    Raises:
        MetaGraphError: the bytes are not a `saved_model.pb`.
    """
    found: dict[str, Signature] = {}
    for entry in _messages(_serving_graph(saved_model_pb), 5):
        name, value = _entry(entry)
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
        for graph in _messages(meta_graph, 2):
            yield from _nodes(graph)


def read_graph_nodes(graph_def: bytes) -> Iterator[Node]:
    """Every node of a serialized GraphDef (a frozen graph), also of functions. Raises MetaGraphError."""
    yield from _nodes(memoryview(graph_def))


def _nodes(graph: memoryview) -> Iterator[Node]:
    for node in _messages(graph, 1):
        yield _node(node, "")
    for library in _messages(graph, 2):
        for function in _messages(library, 1):
            name = "".join(_text(signature, 1) for signature in _messages(function, 1))
            for node in _messages(function, 3):
                yield _node(node, name)


def _node(node: memoryview, function: str) -> Node:
    return Node(name=_text(node, 1), op=_text(node, 2), device=_text(node, 4), function=function)


def _meta_graphs(saved_model_pb: bytes) -> list[memoryview]:
    graphs = list(_messages(memoryview(saved_model_pb), 2))
    if not graphs:
        raise MetaGraphError("the bytes are not a saved_model.pb: they hold no graph")
    return graphs


def _serving_graph(saved_model_pb: bytes) -> memoryview:
    graphs = _meta_graphs(saved_model_pb)
    return next((graph for graph in graphs if SERVE_TAG in _tags(graph)), graphs[0])


def _tags(meta_graph: memoryview) -> tuple[str, ...]:
    return tuple(_string(tag) for information in _messages(meta_graph, 1) for tag in _messages(information, 4))


def _signature(message: memoryview) -> Signature | None:
    inputs, outputs = (_tensors(message, field) for field in (1, 2))
    if inputs is None or outputs is None:
        return None
    return Signature(inputs=inputs, outputs=outputs, method_name=_text(message, 3) or PREDICT_METHOD)


def _tensors(signature: memoryview, field: int) -> dict[str, TensorSpec] | None:
    found = {name: _tensor(value) for name, value in map(_entry, _messages(signature, field))}
    specs = {name: spec for name, spec in sorted(found.items()) if spec is not None}
    return specs if len(specs) == len(found) else None


def _tensor(message: memoryview) -> TensorSpec | None:
    name, code, shape = "", 0, memoryview(b"")
    for field, value in _fields(message):
        if field == 1 and isinstance(value, memoryview):
            name = _string(value)
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
    for field, value in _fields(message):
        if field == 3 and value:
            return None
        if field == 2 and isinstance(value, memoryview):
            sizes = [size for inner, size in _fields(value) if inner == 1 and isinstance(size, int)]
            dimensions.append(max(-1, _signed(sizes[-1])) if sizes else 0)
    return tuple(dimensions)


def _entry(message: memoryview) -> tuple[str, memoryview]:
    """The key and the value of an entry of a map from names to messages."""
    key, value = "", memoryview(b"")
    for field, content in _fields(message):
        if field == 1 and isinstance(content, memoryview):
            key = _string(content)
        elif field == 2 and isinstance(content, memoryview):
            value = content
    return key, value


def _text(message: memoryview, field: int) -> str:
    return "".join(_string(value) for value in list(_messages(message, field))[-1:])


def _messages(message: memoryview, field: int) -> Iterator[memoryview]:
    """The values of a field of messages, texts or bytes."""
    for number, value in _fields(message):
        if number == field and isinstance(value, memoryview):
            yield value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The number and the value of each field of a message (https://protobuf.dev/programming-guides/encoding)."""
    position, end = 0, len(message)
    while position < end:
        key, position = _varint(message, position)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if wire_type == _LENGTH:
            length, position = _varint(message, position)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise MetaGraphError(f"the bytes are not a protocol buffer: a field has the wire type {wire_type}")
        if number == 0 or position + length > end:
            raise MetaGraphError(f"the bytes are cut off or not a protocol buffer: field {number} needs {length} bytes")
        yield number, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for count, byte in enumerate(message[position : position + 10]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise MetaGraphError("the bytes are cut off or not a protocol buffer: a number does not end")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _string(value: memoryview) -> str:
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        raise MetaGraphError("the bytes are not a saved_model.pb: a name is not UTF-8") from None
