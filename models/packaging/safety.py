"""Rejects models that could harm the machine that serves them."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from models.packaging.errors import PackagingError
from models.packaging.loader_paths import LoaderPaths, Place, nodes_of, reached
from models.packaging.meta_graph import INIT_SIGNATURE

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
        FileSystemSetConfiguration Gcs\w+ RecordInput Skipgram CalibrationStatisticsSaver DumpTensor\w*
        DTensor(Save|Restore|ShardedPrefix)\w*
        """,
    "calls Python": "PyFunc PyFuncStateless EagerPyFunc NumpyOp GeneratorDataset",
    "opens sockets": r"""
        (Try)?Rpc\w* RemoteCall RemoteFusedGraphExecute \w*DataService\w* RegisterDataset(V2)? \w*WorkerHeartbeat
        Collective\w+ Nccl\w+ _?(Host)?(Send|Recv) Xla(Send|Recv)\w* \w*ConfigureDistributedTPU
        """,
    "runs a graph hidden in a string": "DatasetFromGraph",
    "ends the process": "Abort",
}
"""For each harm, patterns of the operations that do it; a pattern matches the whole name."""
PATTERNS = {what: re.compile("|".join(names.split())) for what, names in HARM.items()}
PATH_ATTRIBUTES: Mapping[str, tuple[str, re.Pattern[bytes]]] = {
    "PrintV2": ("output_stream", re.compile(rb"(?!file://).*", re.DOTALL)),
    "DecodeProtoV2": ("descriptor_source", re.compile(rb"|(local|bytes)://.*", re.DOTALL)),
    "EncodeProto": ("descriptor_source", re.compile(rb"|(local|bytes)://.*", re.DOTALL)),
    "FixedUnigramCandidateSampler": ("vocab_file", re.compile(rb"")),
}
"""Operations that use a file if an attribute names one: the attribute, and the values that name no file."""

SAVER: Mapping[str, tuple[int, ...]] = {
    "SaveV2": (0,),
    "RestoreV2": (0,),
    "ShardedFilename": (0,),
    "MergeV2Checkpoints": (0, 1),
    "Save": (0,),
    "Restore": (0,),
}
"""The operations that read and write a SavedModel's own variables, and which of their inputs are paths. These are
harmless if the loader sets the paths."""
TABLE_FILES: Mapping[str, tuple[int, ...]] = dict.fromkeys(
    ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"), (1,)
)
"""The operations that fill a table from the SavedModel's own assets when it is loaded, and which inputs are paths."""


def refuse_harm(meta_graph: Any, allowed: Collection[str]) -> None:
    """Check every node of the graph and of its functions.

    Args:
        meta_graph: a MetaGraphDef.
        allowed: names of operations to accept without a check.

    Raises:
        PackagingError: a node could do harm, or no engine has its operation; the message names the node.
    """
    functions = {function.signature.name: function for function in meta_graph.graph_def.library.function}
    _refuse_foreign_assets(meta_graph)
    normal = _normal_nodes(meta_graph, functions)
    for where, node in nodes_of(meta_graph.graph_def, functions):
        if node.op in allowed or (where, node.name) in normal:
            continue
        if what := _harm(node):
            raise PackagingError(
                f"the node {node.name!r}{f' of the function {where!r}' if where else ''} {what} ({node.op}), on "
                f"every machine that serves the model. If you trust the model, allow it with --allow-op {node.op}"
            )
        if node.op not in functions and not _is_known(node.op):
            raise PackagingError(
                f"the node {node.name!r} is of the operation {node.op}, which TensorFlow {tf.__version__} does not "
                "have and no engine here loads. Export the model without it."
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


def _refuse_foreign_assets(meta_graph: Any) -> None:
    for asset in _assets(meta_graph):
        path = PurePosixPath(asset.filename)
        if path.is_absolute() or ".." in path.parts:
            raise PackagingError(
                f"the asset {asset.filename!r} lies outside the SavedModel; an asset is a file under its assets/. "
                "Export the model again with tf.saved_model.save, which copies the file there."
            )


def _assets(meta_graph: Any) -> Iterable[Any]:
    """The AssetFileDefs, from the two places where TensorFlow looks for them."""
    if meta_graph.asset_file_def or "saved_model_assets" not in meta_graph.collection_def:
        return meta_graph.asset_file_def
    found: list[Any] = []
    for packed in meta_graph.collection_def["saved_model_assets"].any_list.value:
        found.append(meta_graph_pb2.AssetFileDef())
        packed.Unpack(found[-1])
    return found


def _normal_nodes(meta_graph: Any, functions: Mapping[str, Any]) -> frozenset[Place]:
    """The nodes with which the loader reads the model's own variables and assets, and which no request runs."""
    graph = meta_graph.graph_def
    saver = LoaderPaths(meta_graph, functions, {meta_graph.saver_def.filename_tensor_name})
    assets = LoaderPaths(meta_graph, functions, {asset.tensor_info.name for asset in _assets(meta_graph)})
    answering = reached(graph, functions, _answers(meta_graph))
    filling = reached(graph, functions, _initial_nodes(meta_graph)) - answering
    return frozenset(
        (where, node.name)
        for where, node in nodes_of(graph, functions)
        if (saver.feed(where, node, SAVER) and (where, node.name) not in answering | filling)
        or (assets.feed(where, node, TABLE_FILES) and (where, node.name) in filling)
    )


def _answers(meta_graph: Any) -> set[str]:
    """The output tensors of the signatures."""
    signatures = (signature for name, signature in meta_graph.signature_def.items() if name != INIT_SIGNATURE)
    return {output.name for signature in signatures for output in signature.outputs.values()}


def _initial_nodes(meta_graph: Any) -> set[str]:
    """The nodes that the loader runs once the variables are restored."""
    found = {
        output.name
        for name, signature in meta_graph.signature_def.items()
        for output in signature.outputs.values()
        if name == INIT_SIGNATURE
    }
    for key in ("saved_model_main_op", "legacy_init_op"):
        found |= set(meta_graph.collection_def[key].node_list.value) if key in meta_graph.collection_def else set()
    return found
