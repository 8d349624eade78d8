"""What the graph of a SavedModel does and what its loader runs, read from its bytes.

Classes and fields have the names of TensorFlow's messages (`meta_graph.proto`, `graph.proto`, `function.proto`,
`saved_object_graph.proto`). Only fields that a check for harm needs are here. It needs neither TensorFlow nor protobuf.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from handlers.safety.messages import Field, Message, present
from handlers.serving.wire_format import MetaGraphError, as_text, packed

SERVE_TAGS = frozenset({"serve"})
"""TensorFlow loads for serving the first graph that has these tags and no others."""

_NONE: Mapping[str, Any] = MappingProxyType({})


class NameAttrList(Message):
    """The name of a function."""

    FIELDS: ClassVar = {1: Field("name", as_text)}
    name: str = ""


class ListValue(Message):
    FIELDS: ClassVar = {9: Field("func", NameAttrList, "many")}
    func: Sequence[NameAttrList] = ()


class TensorProto(Message):
    """The elements of a tensor of strings; `tensor_content` is another way to write them."""

    FIELDS: ClassVar = {4: Field("tensor_content", bytes), 8: Field("string_val", bytes, "many")}
    tensor_content: bytes = b""
    string_val: Sequence[bytes] = ()


class AttrValue(Message):
    FIELDS: ClassVar = {
        1: Field("list", ListValue, choice="value"),
        2: Field("s", bytes, choice="value"),
        7: Field("shape", present, choice="value"),
        8: Field("tensor", TensorProto, choice="value"),
        9: Field("placeholder", as_text, choice="value"),
        10: Field("func", NameAttrList, choice="value"),
    }
    list: ListValue = ListValue()
    s: bytes = b""
    tensor: TensorProto = TensorProto()
    placeholder: str = ""
    """In a function: the attribute of the calling node that gives the value."""
    func: NameAttrList = NameAttrList()


class NodeDef(Message):
    FIELDS: ClassVar = {
        1: Field("name", as_text),
        2: Field("op", as_text),
        3: Field("input", as_text, "many"),
        5: Field("attr", AttrValue, "table"),
    }
    name: str = ""
    op: str = ""
    input: Sequence[str] = ()
    attr: Mapping[str, AttrValue] = _NONE


class ArgDef(Message):
    FIELDS: ClassVar = {1: Field("name", as_text)}
    name: str = ""


class OpDef(Message):
    FIELDS: ClassVar = {1: Field("name", as_text), 2: Field("input_arg", ArgDef, "many")}
    name: str = ""
    input_arg: Sequence[ArgDef] = ()


class FunctionDef(Message):
    FIELDS: ClassVar = {
        1: Field("signature", OpDef),
        3: Field("node_def", NodeDef, "many"),
        5: Field("attr", AttrValue, "table"),
    }
    signature: OpDef = OpDef()
    node_def: Sequence[NodeDef] = ()
    attr: Mapping[str, AttrValue] = _NONE


class GradientDef(Message):
    FIELDS: ClassVar = {1: Field("function_name", as_text), 2: Field("gradient_func", as_text)}
    function_name: str = ""
    gradient_func: str = ""


class FunctionDefLibrary(Message):
    FIELDS: ClassVar = {1: Field("function", FunctionDef, "many"), 2: Field("gradient", GradientDef, "many")}
    function: Sequence[FunctionDef] = ()
    gradient: Sequence[GradientDef] = ()


class GraphDef(Message):
    FIELDS: ClassVar = {1: Field("node", NodeDef, "many"), 2: Field("library", FunctionDefLibrary)}
    node: Sequence[NodeDef] = ()
    library: FunctionDefLibrary = FunctionDefLibrary()


class SaverDef(Message):
    FIELDS: ClassVar = {1: Field("filename_tensor_name", as_text)}
    filename_tensor_name: str = ""


class TensorInfo(Message):
    FIELDS: ClassVar = {
        1: Field("name", as_text, choice="encoding"),
        4: Field("coo_sparse", present, choice="encoding"),
        5: Field("composite_tensor", present, choice="encoding"),
    }
    name: str = ""


class SignatureDef(Message):
    FIELDS: ClassVar = {2: Field("outputs", TensorInfo, "table")}
    outputs: Mapping[str, TensorInfo] = _NONE


class AssetFileDef(Message):
    FIELDS: ClassVar = {1: Field("tensor_info", TensorInfo), 2: Field("filename", as_text)}
    tensor_info: TensorInfo = TensorInfo()
    filename: str = ""


class PackedAssetFileDef(Message):
    """An `Any` that holds an AssetFileDef."""

    FIELDS: ClassVar = {2: Field("value", AssetFileDef)}
    value: AssetFileDef = AssetFileDef()


class NodeList(Message):
    FIELDS: ClassVar = {1: Field("value", as_text, "many")}
    value: Sequence[str] = ()


class AnyList(Message):
    FIELDS: ClassVar = {1: Field("value", memoryview, "many")}
    value: Sequence[memoryview] = ()


class CollectionDef(Message):
    FIELDS: ClassVar = {1: Field("node_list", NodeList, choice="kind"), 5: Field("any_list", AnyList, choice="kind")}
    node_list: NodeList = NodeList()
    any_list: AnyList = AnyList()


class SavedConcreteFunction(Message):
    FIELDS: ClassVar = {2: Field("bound_inputs", packed)}
    bound_inputs: Sequence[int] = ()


class SavedObject(Message):
    FIELDS: ClassVar = {
        number: Field(name, present, choice="kind")
        for number, name in {
            4: "user_object", 5: "asset", 6: "function", 7: "variable", 8: "bare_concrete_function", 9: "constant",
            10: "resource", 12: "captured_tensor",
        }.items()
    }  # fmt: skip
    asset: bool = False


class SavedObjectGraph(Message):
    FIELDS: ClassVar = {
        1: Field("nodes", SavedObject, "many"),
        2: Field("concrete_functions", SavedConcreteFunction, "table"),
    }
    nodes: Sequence[SavedObject] = ()
    concrete_functions: Mapping[str, SavedConcreteFunction] = _NONE


class MetaInfoDef(Message):
    FIELDS: ClassVar = {4: Field("tags", as_text, "many")}
    tags: Sequence[str] = ()


class MetaGraphDef(Message):
    FIELDS: ClassVar = {
        2: Field("graph_def", GraphDef),
        3: Field("saver_def", SaverDef),
        4: Field("collection_def", CollectionDef, "table"),
        5: Field("signature_def", SignatureDef, "table"),
        6: Field("asset_file_def", AssetFileDef, "many"),
        7: Field("object_graph_def", SavedObjectGraph),
    }
    graph_def: GraphDef = GraphDef()
    saver_def: SaverDef = SaverDef()
    collection_def: Mapping[str, CollectionDef] = _NONE
    signature_def: Mapping[str, SignatureDef] = _NONE
    asset_file_def: Sequence[AssetFileDef] = ()
    object_graph_def: SavedObjectGraph = SavedObjectGraph()


class TaggedGraph(Message):
    """A MetaGraphDef of which only the tags are read."""

    FIELDS: ClassVar = {1: Field("meta_info_def", MetaInfoDef)}
    meta_info_def: MetaInfoDef = MetaInfoDef()


class SavedModel(Message):
    FIELDS: ClassVar = {2: Field("meta_graphs", memoryview, "many")}
    meta_graphs: Sequence[memoryview] = ()


def serving_graph(saved_model_pb: memoryview) -> MetaGraphDef:
    """The graph of a `saved_model.pb` that TensorFlow loads for serving. Raises MetaGraphError if there is none."""
    graphs = SavedModel(saved_model_pb).meta_graphs
    tags = [frozenset(TaggedGraph(graph).meta_info_def.tags) for graph in graphs]
    if SERVE_TAGS not in tags:
        found = [sorted(each) for each in tags]
        raise MetaGraphError(f"it has no graph that is tagged 'serve' and nothing else; its graphs are tagged {found}")
    return MetaGraphDef(graphs[tags.index(SERVE_TAGS)])
