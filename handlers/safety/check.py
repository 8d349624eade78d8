"""Refuses graphs that could harm the machine that serves them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePosixPath

from handlers.safety.graph import (
    AssetFileDef,
    FunctionDef,
    GraphDef,
    MetaGraphDef,
    NodeDef,
    PackedAssetFileDef,
    serving_graph,
)
from handlers.safety.loader_paths import LoaderPaths, Place, nodes_of, reached
from handlers.safety.operations import FILE_ATTRIBUTES, SAVER, TABLE_FILES, harm_of
from handlers.serving.wire_format import MetaGraphError

INIT_SIGNATURE = "__saved_model_init_op"
"""TensorFlow's name for the signature that the loader runs once the variables are restored."""


class HarmfulModel(ValueError):
    """A graph could harm the machine that serves it, or cannot be checked. The message says which part of it."""

    def __init__(self, message: str, operation: str = "") -> None:
        super().__init__(message)
        self.operation = operation
        """The operation that does the harm; empty if it is something else."""


def check_saved_model(saved_model_pb: bytes, allowed: Collection[str] = ()) -> None:
    """Check the graph that TensorFlow loads for serving from a `saved_model.pb`. Raises HarmfulModel.

    Args:
        saved_model_pb: content of the file.
        allowed: names of operations to accept without a check.
    """
    _read_and_check(lambda: serving_graph(memoryview(saved_model_pb)), allowed)


def check_meta_graph(meta_graph: bytes, allowed: Collection[str] = ()) -> None:
    """The same for a serialized MetaGraphDef."""
    _read_and_check(lambda: MetaGraphDef(memoryview(meta_graph)), allowed)


def check_frozen_graph(graph_def: bytes, allowed: Collection[str] = ()) -> None:
    """The same for a serialized GraphDef, which has neither variables nor assets of its own."""

    def read() -> MetaGraphDef:
        meta_graph = MetaGraphDef()
        meta_graph.graph_def = GraphDef(memoryview(graph_def))
        return meta_graph

    _read_and_check(read, allowed)


def _read_and_check(read: Callable[[], MetaGraphDef], allowed: Collection[str]) -> None:
    try:
        _check(read(), allowed)
    except MetaGraphError as error:
        raise HarmfulModel(f"the graph cannot be checked for harm: {error}") from None


def _check(meta_graph: MetaGraphDef, allowed: Collection[str]) -> None:
    functions = _functions(meta_graph.graph_def)
    _refuse_foreign_assets(meta_graph)
    normal = _normal_nodes(meta_graph, functions)
    places = set[Place]()
    for where, node in nodes_of(meta_graph.graph_def, functions):
        if (where, node.name) in places:
            raise HarmfulModel(f"two nodes have the name {_place(where, node)}; TensorFlow writes no such graph")
        places.add((where, node.name))
        if node.op in allowed or (where, node.name) in normal:
            continue
        if what := _harm(node):
            message = f"the node {_place(where, node)} {what} ({node.op}), on every machine that serves the model"
            raise HarmfulModel(message, node.op)


def _functions(graph: GraphDef) -> dict[str, FunctionDef]:
    functions = dict[str, FunctionDef]()
    for function in graph.library.function:
        if functions.setdefault(function.signature.name, function) is not function:
            raise HarmfulModel(f"two functions have the name {function.signature.name!r}")
        _refuse_placeholders(function)
    return functions


def _refuse_placeholders(function: FunctionDef) -> None:
    """A check cannot see the value of an attribute that each caller gives. TensorFlow 2 writes no such function."""
    for node in function.node_def:
        for name, value in node.attr.items():
            if value.placeholder:
                raise HarmfulModel(
                    f"the node {_place(function.signature.name, node)} takes its attribute {name!r} from the caller of "
                    "the function, so that it cannot be checked for harm. Export the model again with TensorFlow 2."
                )


def _place(where: str, node: NodeDef) -> str:
    return f"{node.name!r} of the function {where!r}" if where else f"{node.name!r}"


def _harm(node: NodeDef) -> str:
    if what := harm_of(node.op):
        return what
    if node.op in FILE_ATTRIBUTES:
        attribute, harmless = FILE_ATTRIBUTES[node.op]
        if attribute in node.attr and not harmless.fullmatch(node.attr[attribute].s):
            return f"reads or writes the file {node.attr[attribute].s.decode(errors='replace')!r}"
    return ""


def _refuse_foreign_assets(meta_graph: MetaGraphDef) -> None:
    for asset in _assets(meta_graph):
        path = PurePosixPath(asset.filename)
        if path.is_absolute() or ".." in path.parts or asset.filename.endswith("."):
            raise HarmfulModel(
                f"the asset {asset.filename!r} lies outside the SavedModel; an asset is a file under its assets/. "
                "Export the model again with tf.saved_model.save, which copies the file there."
            )


def _assets(meta_graph: MetaGraphDef) -> Iterable[AssetFileDef]:
    """The AssetFileDefs, from the two places where TensorFlow looks for them."""
    if meta_graph.asset_file_def or "saved_model_assets" not in meta_graph.collection_def:
        return meta_graph.asset_file_def
    packed = meta_graph.collection_def["saved_model_assets"].any_list.value
    return [PackedAssetFileDef(each).value for each in packed]


def _normal_nodes(meta_graph: MetaGraphDef, functions: Mapping[str, FunctionDef]) -> frozenset[Place]:
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


def _answers(meta_graph: MetaGraphDef) -> set[str]:
    """The output tensors of the signatures."""
    signatures = (signature for name, signature in meta_graph.signature_def.items() if name != INIT_SIGNATURE)
    return {output.name for signature in signatures for output in signature.outputs.values()}


def _initial_nodes(meta_graph: MetaGraphDef) -> set[str]:
    """The nodes that the loader runs once the variables are restored."""
    signature, collections = meta_graph.signature_def.get(INIT_SIGNATURE), meta_graph.collection_def
    found = {output.name for output in signature.outputs.values()} if signature else set[str]()
    for key in ("saved_model_main_op", "legacy_init_op"):
        found |= set(collections[key].node_list.value) if key in collections else set()
    return found
