"""What a model may not do to the one who serves it, unless allowed by name."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from models.packaging.errors import PackagingError

HARM: Mapping[str, str] = {
    "reads or writes files": r"""
        ReadFile WriteFile MatchingFiles Save(V2|Slices)? Restore(V2|Slice)? ShardedFile(name|spec)
        MergeV2Checkpoints CheckpointHasKey LoadAndRemapMatrix GenerateVocabRemapping ImmutableConst
        .*Reader(V2)? InitializeTableFromTextFile(V2)?
        (Experimental)?(TextLine|TFRecord|FixedLengthRecord|Sql|CSV|LMDB|MatchingFiles|Load|Save)Dataset(V\d)?
        (Experimental)?(Snapshot|Cache|ListSnapshotChunks|SnapshotChunk|SnapshotNested)Dataset(V\d|Reader)?
        (Experimental)?DatasetToTFRecord(V2)? DistributedSave
        CreateSummary(File|Db)Writer ImportEvent Write\w*Summary WriteGraphSummary FlushSummaryWriter
        Debug(Identity|NanCount|NumericSummary)(V\d)? (Initialize|Serialize)TRTResource
        FileSystemSetConfiguration Gcs\w+
        """,
    "calls Python": "PyFunc PyFuncStateless EagerPyFunc NumpyOp GeneratorDataset",
    "opens sockets": r"""
        (Try)?Rpc\w* RemoteCall RemoteFusedGraphExecute \w*DataService\w* RegisterDataset(V2)? \w*WorkerHeartbeat
        Collective\w+ Nccl\w+ _?(Host)?(Send|Recv) Xla(Send|Recv)\w* \w*ConfigureDistributedTPU
        """,
    "ends the process": "Abort",
}
"""What a node would do, and the operations that do it, as patterns that match the whole name."""
PATTERNS = {what: re.compile("|".join(names.split())) for what, names in HARM.items()}
PATH_ATTRIBUTES: Mapping[str, tuple[str, re.Pattern[bytes]]] = {
    "PrintV2": ("output_stream", re.compile(rb"(?!file://).*", re.DOTALL)),
    "DecodeProtoV2": ("descriptor_source", re.compile(rb"|(local|bytes)://.*", re.DOTALL)),
    "EncodeProto": ("descriptor_source", re.compile(rb"|(local|bytes)://.*", re.DOTALL)),
}
"""Operations that write or read a file if an attribute names one, and the values that name none."""

SAVER = frozenset({"SaveV2", "RestoreV2", "ShardedFilename", "MergeV2Checkpoints", "Save", "Restore"})
"""How a SavedModel reads its own variables, under a path that only the loader sets."""
TABLE_FILES = frozenset({"InitializeTableFromTextFile", "InitializeTableFromTextFileV2"})
"""How a SavedModel fills a table from its own assets, when it is loaded."""


def refuse_harm(meta_graph: Any, allowed: Collection[str]) -> None:
    """Look at every node, those of functions included.

    Args:
        meta_graph: a MetaGraphDef.
        allowed: names of operations that may stay, whatever they do.

    Raises:
        PackagingError: a node could harm the one who serves the model; the message names the node and what it does.
    """
    functions = {function.signature.name: function for function in meta_graph.graph_def.library.function}
    normal = _saver_nodes(meta_graph, functions) | _asset_tables(meta_graph, functions)
    for where, node in _nodes(meta_graph.graph_def, functions):
        if node.op in allowed or (where, node.name) in normal:
            continue
        if what := _harm(node):
            raise PackagingError(
                f"the node {node.name!r}{f' of the function {where!r}' if where else ''} {what} ({node.op}). Whoever "
                f"serves the model would run it. If you trust the model, allow it with --allow-op {node.op}"
            )
        if node.op not in functions and not _is_known(node.op):
            raise PackagingError(
                f"the node {node.name!r} is of the operation {node.op}, which TensorFlow {tf.__version__} lacks: it "
                "comes from a library of its own, which no engine here loads. Export the model without it."
            )


def _harm(node: Any) -> str:
    for what, pattern in PATTERNS.items():
        if pattern.fullmatch(node.op):
            return what
    if node.op in PATH_ATTRIBUTES:
        attribute, harmless = PATH_ATTRIBUTES[node.op]
        if attribute in node.attr and not harmless.fullmatch(node.attr[attribute].s):
            return f"reads or writes the file {node.attr[attribute].s.decode(errors='replace')!r}"
    return ""


def _is_known(op: str) -> bool:
    from tensorflow.python.framework import op_def_registry

    return op_def_registry.get(op) is not None


def _nodes(graph: Any, functions: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every node with the name of the function that holds it, empty for the graph itself."""
    for node in graph.node:
        yield "", node
    for name, function in functions.items():
        for node in function.node_def:
            yield name, node


Place = tuple[str, str]
"""A function's name, empty for the graph itself, and a node's name."""


def _saver_nodes(meta_graph: Any, functions: Mapping[str, Any]) -> frozenset[Place]:
    """The nodes that save and restore the model's own variables: fed by the saver's file name, never by a constant."""
    saver = meta_graph.saver_def
    roots = {saver.restore_op_name, saver.save_tensor_name.split(":")[0]} - {""}
    reached = _reached(meta_graph.graph_def, functions, roots)
    return frozenset(
        (where, node.name)
        for where, node in reached
        if node.op in SAVER and not _takes_constant_path(where, node, reached)
    )


def _takes_constant_path(where: str, node: Any, nodes: Iterable[tuple[str, Any]]) -> bool:
    constants = {other.name for place, other in nodes if place == where and other.op == "Const"}
    return bool(node.input) and node.input[0].split(":")[0] in constants


def _asset_tables(meta_graph: Any, functions: Mapping[str, Any]) -> frozenset[Place]:
    """The nodes that fill tables when the model is loaded, if it declares assets to fill them from."""
    if not meta_graph.asset_file_def:
        return frozenset()
    roots = {
        output.name.split(":")[0]
        for name, signature in meta_graph.signature_def.items()
        for output in signature.outputs.values()
        if name == "__saved_model_init_op"
    }
    for key in ("saved_model_main_op", "legacy_init_op"):
        roots |= set(meta_graph.collection_def[key].node_list.value) if key in meta_graph.collection_def else set()
    reached = _reached(meta_graph.graph_def, functions, roots)
    return frozenset((where, node.name) for where, node in reached if node.op in TABLE_FILES)


def _reached(graph: Any, functions: Mapping[str, Any], roots: Iterable[str]) -> list[tuple[str, Any]]:
    """The nodes that must run for these nodes of the graph to run, with all of every function that they call."""
    by_name = {node.name: node for node in graph.node}
    waiting, seen, called = list(roots), set[str](), set[str]()
    found: list[tuple[str, Any]] = []
    while waiting:
        name = waiting.pop().lstrip("^").split(":")[0]
        if name in seen or name not in by_name:
            continue
        seen.add(name)
        node = by_name[name]
        found.append(("", node))
        waiting.extend(node.input)
        _call(node, functions, called, found)
    return found


def _call(node: Any, functions: Mapping[str, Any], called: set[str], found: list[tuple[str, Any]]) -> None:
    for attribute in node.attr.values():
        for function in (attribute.func, *attribute.list.func):
            if function.name in functions and function.name not in called:
                called.add(function.name)
                for inner in functions[function.name].node_def:
                    found.append((function.name, inner))
                    _call(inner, functions, called, found)
