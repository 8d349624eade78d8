"""Graphs that hide what they do: from a reader that sees less than TensorFlow, or something else."""

import inspect

import pytest
from tensorflow.core.framework import attr_value_pb2, graph_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from handlers.safety import graph
from handlers.safety.check import HarmfulModel, check_frozen_graph, check_meta_graph, check_saved_model
from handlers.safety.graph import MetaGraphDef, serving_graph
from handlers.safety.messages import Message
from models.packaging.meta_graph import read_meta_graph
from tests.models import saved_models


@pytest.fixture
def scores(tmp_path):
    """The graph of a harmless model."""
    return read_meta_graph(saved_models.save(tmp_path / "scores", serving_default=saved_models.scores))


@pytest.fixture
def table(tmp_path):
    """The graph of a model that fills a table from its asset when it is loaded."""
    return read_meta_graph(saved_models.with_a_table(tmp_path / "table", tmp_path / "colours.txt"))


@pytest.fixture
def saver(tmp_path):
    """The graph of a model of TensorFlow 1, whose nodes save and restore variables."""
    return read_meta_graph(saved_models.with_a_saver_of_version_1(tmp_path / "saver"))


def refusal(meta_graph) -> str:
    content = meta_graph if isinstance(meta_graph, bytes) else meta_graph.SerializeToString()
    with pytest.raises(HarmfulModel) as error:
        check_meta_graph(content)
    return str(error.value)


def node(meta_graph, wanted):
    return next(found for found in meta_graph.graph_def.node if wanted in (found.name, found.op))


def test_every_kind_of_model_here_is_harmless(scores, table, saver):
    for each in (scores, table, saver):
        check_meta_graph(each.SerializeToString())


# The graph that is checked is the graph that runs.


def test_a_harmless_graph_in_front_does_not_hide_the_one_that_tensorflow_loads(scores):
    model = saved_model_pb2.SavedModel()
    for tags in (["serve", "gpu"], ["serve"]):
        meta_graph = model.meta_graphs.add()
        meta_graph.CopyFrom(scores)
        meta_graph.meta_info_def.tags[:] = tags
    check_saved_model(model.SerializeToString())
    model.meta_graphs[1].graph_def.node.add(name="reads", op="ReadFile")
    with pytest.raises(HarmfulModel, match="'reads' reads or writes files"):
        check_saved_model(model.SerializeToString())


def test_the_first_graph_that_is_tagged_serve_alone_is_the_one_that_counts(scores):
    model = saved_model_pb2.SavedModel()
    for tags, name in ((["serve", "serve"], "first"), (["serve"], "second")):
        meta_graph = model.meta_graphs.add()
        meta_graph.meta_info_def.tags[:] = tags
        meta_graph.graph_def.node.add(name=name, op="NoOp")
    read = serving_graph(memoryview(model.SerializeToString()))
    assert [each.name for each in read.graph_def.node] == ["first"]


def test_a_model_without_a_graph_for_serving_is_refused(scores):
    model = saved_model_pb2.SavedModel()
    model.meta_graphs.add().meta_info_def.tags[:] = ["train"]
    with pytest.raises(HarmfulModel, match="no graph that is tagged 'serve' and nothing else"):
        check_saved_model(model.SerializeToString())


def test_harm_in_a_function_of_the_library_is_found(scores):
    function = scores.graph_def.library.function.add()
    function.signature.name = "hidden"
    function.node_def.add(name="reads", op="ReadFile")
    assert "'reads' of the function 'hidden' reads or writes files" in refusal(scores)


def test_a_frozen_graph_is_checked_by_the_same_list():
    frozen = graph_pb2.GraphDef()
    frozen.node.add(name="same", op="Identity")
    check_frozen_graph(frozen.SerializeToString())
    frozen.node.add(name="restores", op="RestoreV2")
    with pytest.raises(HarmfulModel, match="'restores'"):
        check_frozen_graph(frozen.SerializeToString())


# A path that the loader sets can be followed by nothing that leads away from it.


def test_the_text_of_a_constant_is_no_suffix_in_another_form(saver):
    constant = node(saver, "save/Const_1").attr["value"].tensor
    text = b"/../../elsewhere"
    constant.tensor_content = bytes([len(text)]) + text
    constant.ClearField("string_val")
    assert "ShardedFilename" in refusal(saver)


def test_two_constants_cannot_lead_up_together(saver):
    saver.graph_def.node.add().CopyFrom(node(saver, "save/Const_1"))
    more = saver.graph_def.node[-1]
    more.name = "more"
    node(saver, "save/Const_1").attr["value"].tensor.string_val[:] = [b"/."]
    more.attr["value"].tensor.string_val[:] = [b"./elsewhere"]
    node(saver, "StringJoin").input.append("more")
    node(saver, "StringJoin").attr["N"].i += 1
    assert "ShardedFilename" in refusal(saver)


def test_an_asset_cannot_be_the_directory_itself(table):
    table.asset_file_def[0].filename = "."
    assert "'.' lies outside" in refusal(table)


# What a function does must not depend on who calls it.


def test_an_attribute_that_the_caller_gives_is_refused(scores):
    function = scores.graph_def.library.function.add()
    function.signature.name = "prints"
    function.node_def.add(name="print", op="PrintV2").attr["output_stream"].placeholder = "where"
    assert "'print' of the function 'prints' takes its attribute 'output_stream' from the caller" in refusal(scores)


def hide_in_a_function(saver) -> None:
    """Move the node that saves the variables into a function, which the graph calls with the loader's path."""
    saves = node(saver, "SaveV2")
    function = saver.graph_def.library.function.add()
    function.signature.name = "saves"
    arguments = [f"argument_{position}" for position in range(len(saves.input))]
    for name in arguments:
        function.signature.input_arg.add(name=name)
    inside = function.node_def.add()
    inside.CopyFrom(saves)
    inside.input[:] = arguments
    saves.op = "PartitionedCall"
    saves.attr["f"].func.name = "saves"
    check_meta_graph(saver.SerializeToString())


def test_a_gradient_that_tensorflow_runs_by_itself_is_seen_to_be_called(saver):
    hide_in_a_function(saver)
    saver.graph_def.library.function.add().signature.name = "outer"
    saver.graph_def.library.gradient.add(function_name="outer", gradient_func="saves")
    output = next(iter(saver.signature_def["serving_default"].outputs.values())).name.split(":")[0]
    node(saver, output).attr["g"].func.name = "outer"
    assert "of the function 'saves'" in refusal(saver)


def test_a_function_that_may_replace_another_one_is_not_taken_for_the_loaders(saver):
    hide_in_a_function(saver)
    saver.graph_def.library.function[0].attr["api_implements"].s = b"other"
    assert "of the function 'saves'" in refusal(saver)


def test_two_functions_of_one_name_are_refused(scores):
    for op in ("ReadFile", "NoOp"):
        function = scores.graph_def.library.function.add()
        function.signature.name = "twice"
        function.node_def.add(name="node", op=op)
    assert "two functions have the name 'twice'" in refusal(scores)


def test_two_nodes_of_one_name_are_refused(saver):
    harmless = node(saver, "RestoreV2")
    saver.graph_def.node.add(name=harmless.name, op="ReadFile")
    assert f"two nodes have the name {harmless.name!r}" in refusal(saver)


# Bytes that two readers could read in two ways are refused.


def test_a_field_that_is_written_twice_is_refused(scores):
    content = scores.SerializeToString()
    again = meta_graph_pb2.MetaGraphDef()
    again.graph_def.node.add(name="reads", op="ReadFile")
    assert "has graph_def twice" in refusal(content + again.SerializeToString())
    merged = meta_graph_pb2.MetaGraphDef.FromString(content + again.SerializeToString())
    assert "'reads' reads or writes files" in refusal(merged)


def test_a_field_in_another_form_is_refused():
    named = b"\x0a\x01n"  # name: "n"
    as_number = b"\x15Neg\x00"  # field 2, the operation, as four bytes of a fixed size
    inside = named + as_number
    graph_def = b"\x0a" + bytes([len(inside)]) + inside
    with pytest.raises(HarmfulModel, match="the field 2 of a message is written as a number"):
        check_frozen_graph(graph_def)


def test_an_attribute_that_is_written_twice_or_has_two_values_is_refused():
    for value, reason in ((b"\x12\x01a\x12\x01b", "has s twice"), (b"\x12\x01a\x4a\x01b", "both s and placeholder")):
        entry = b"\x0a\x01k\x12" + bytes([len(value)]) + value
        inside = b"\x0a\x01n\x2a" + bytes([len(entry)]) + entry
        with pytest.raises(HarmfulModel, match=reason):
            check_frozen_graph(b"\x0a" + bytes([len(inside)]) + inside)


@pytest.mark.parametrize("content", [b"\xff" * 40, b"\x12\x7f", b"\x0b\x0c", b"\x02\x00", b"\x0a\x03\x0a\x01\xff"])
def test_other_bytes_are_refused(content):
    with pytest.raises(HarmfulModel, match="cannot be checked for harm"):
        check_frozen_graph(content)


# The reader sees what TensorFlow's own reader sees.

DESCRIPTORS = {
    "AttrValue": attr_value_pb2.AttrValue.DESCRIPTOR,
    "ListValue": attr_value_pb2.AttrValue.ListValue.DESCRIPTOR,
    "PackedAssetFileDef": None,  # google.protobuf.Any, whose value is bytes
    "SavedModel": saved_model_pb2.SavedModel.DESCRIPTOR,
    "TaggedGraph": meta_graph_pb2.MetaGraphDef.DESCRIPTOR,
}


def messages() -> list[type[Message]]:
    found = [each for _, each in inspect.getmembers(graph, inspect.isclass)]
    return [each for each in found if issubclass(each, Message) and each is not Message]


def descriptors() -> dict[str, object]:
    """TensorFlow's messages by name, as far as a MetaGraphDef leads to them."""
    found, waiting = dict(DESCRIPTORS), [meta_graph_pb2.MetaGraphDef.DESCRIPTOR, DESCRIPTORS["AttrValue"]]
    while waiting:
        each = waiting.pop()
        found.setdefault(each.name, each)
        inside = [field.message_type for field in each.fields if field.message_type is not None]
        waiting += [message for message in inside if message.name not in found]
    return found


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.__name__)
def test_the_fields_are_tensorflows(message):
    descriptor = descriptors()[message.__name__]
    for number, field in message.FIELDS.items() if descriptor else ():
        theirs = descriptor.fields_by_number[number]
        of_entries = theirs.message_type is not None and theirs.message_type.GetOptions().map_entry
        shape = "table" if of_entries else "many" if theirs.is_repeated and field.name != "bound_inputs" else "one"
        oneof = theirs.containing_oneof
        assert (theirs.name, shape, oneof.name if oneof else "") == (field.name, field.shape, field.choice)


def test_every_kind_of_an_object_is_read():
    """If one were left out, an object could be that one for TensorFlow and an asset here."""
    kinds = descriptors()["SavedObject"].oneofs_by_name["kind"].fields
    assert graph.SavedObject.FIELDS.keys() == {field.number for field in kinds}


@pytest.mark.parametrize("name", ["scores", "table", "saver"])
def test_a_graph_is_read_as_tensorflow_reads_it(name, request):
    theirs = request.getfixturevalue(name)
    ours = MetaGraphDef(memoryview(theirs.SerializeToString()))
    assert same(ours, theirs) > 50


def same(ours, theirs) -> int:
    """Compare each field that is read; returns how many were compared."""
    count = 0
    for field in ours.FIELDS.values():
        if isinstance(ours, graph.SavedObject):
            assert ours.asset == theirs.HasField("asset")
            return 1
        if field.name in ("any_list", "shape", "coo_sparse", "composite_tensor"):  # of interest is that they are there
            continue
        mine, given = getattr(ours, field.name), getattr(theirs, field.name)
        if field.shape == "table":
            assert mine.keys() == dict(given).keys()
            pairs = [(mine[key], given[key]) for key in mine]
        elif field.shape == "many" or field.name == "bound_inputs":
            assert len(mine) == len(given)
            pairs = list(zip(mine, given, strict=True))
        else:
            pairs = [(mine, given)]
        for one, other in pairs:
            if isinstance(one, Message):
                count += same(one, other)
            else:
                assert one == other
                count += 1
    return count
