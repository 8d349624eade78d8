"""Reading a `saved_model.pb`."""

import base64
import pickle
from pathlib import Path

import numpy as np
import pytest

from handlers.manifest import DTYPES, Signature, TensorSpec
from handlers.serving.meta_graph import MetaGraphError, Node, read_graph_nodes, read_nodes, read_signatures, read_tags


@pytest.fixture(scope="module")
def odd(models: Path) -> bytes:
    return (models / "odd.pb").read_bytes()


def test_signatures_name_dtype_shape_and_tensor(models: Path) -> None:
    signatures = read_signatures((models / "arithmetic" / "saved_model.pb").read_bytes())
    assert list(signatures) == ["difference", "serving_default"]
    assert signatures["difference"].inputs == {
        "x": TensorSpec(dtype="float32", shape=(-1, 3), tensor="difference_x:0"),
        "y": TensorSpec(dtype="float32", shape=(-1, 3), tensor="difference_y:0"),
    }
    outputs = signatures["serving_default"].outputs
    assert {name: spec.shape for name, spec in outputs.items()} == {
        "double": (-1, 3),
        "product": (-1, 4),
        "total": (-1,),
    }
    assert list(outputs) == ["double", "product", "total"]


def test_only_signatures_of_the_serving_graph_that_a_request_can_hold_are_read(odd: bytes) -> None:
    assert read_signatures(odd) == {
        "plain": Signature(
            inputs={
                "reference": TensorSpec(dtype="float32", shape=(-1, 0, 3), tensor="reference:0"),
                "scalar": TensorSpec(dtype="int32", shape=(), tensor="scalar:0"),
                "unranked": TensorSpec(dtype="float32", shape=None, tensor="unranked:0"),
            },
            outputs={},
            method_name="tensorflow/serving/classify",
        )
    }


def test_tags_are_those_of_each_graph(odd: bytes) -> None:
    assert read_tags(odd) == [("train",), ("serve", "gpu"), ("serve",)]


def test_a_model_without_a_graph_for_serving_alone_is_refused_with_its_tags(models: Path) -> None:
    with pytest.raises(MetaGraphError, match=r"its graphs are tagged \{gpu, serve\} and \{train\}"):
        read_signatures((models / "accelerated.pb").read_bytes())


@pytest.mark.parametrize("dtype", sorted(DTYPES))
@pytest.mark.parametrize("name", ["one", "several", "last_repeats"])
def test_the_default_of_an_input_is_what_tensorflow_reads(models: Path, dtype: str, name: str) -> None:
    expected = pickle.loads((models / "defaults.pickle").read_bytes())[f"{dtype} {name}"]  # noqa: S301 - made here
    default = read_signatures((models / "defaults.pb").read_bytes())[dtype].defaults[name]
    assert default["shape"] == {"one": [], "several": [2, 2], "last_repeats": [3]}[name]
    if dtype == "string":
        texts = [base64.b64decode(text) for text in default["strings"]]
        assert texts == list(np.array(expected, object).flat)
    else:
        assert base64.b64decode(default["content"]) == expected


def test_nodes_are_those_of_graph_and_functions(odd: bytes) -> None:
    assert list(read_nodes(odd)) == [
        Node(name="read", op="ReadFile", device="/job:worker", function=""),
        Node(name="call", op="PyFunc", device="", function="body"),
    ]


def test_nodes_of_a_frozen_graph_are_read(models: Path) -> None:
    nodes = list(read_graph_nodes((models / "network" / "frozen_graph.pb").read_bytes()))
    assert {"Placeholder", "Const", "Conv2D", "MatMul"} <= {node.op for node in nodes}


@pytest.mark.parametrize("name", ["arithmetic", "vocabulary"])
def test_a_file_cut_short_anywhere_is_refused_or_read_and_never_crashes(models: Path, name: str) -> None:
    content = (models / name / "saved_model.pb").read_bytes()
    whole = read_signatures(content)
    for end in range(0, len(content) - 1, 37):
        with pytest.raises(MetaGraphError):
            read_signatures(content[:end])
    assert read_signatures(content) == whole


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"\xff" * 40, b"\x12\x05\x0a", b"{}", b"\x12\x04\x2a\x02\x0a\x7f", bytes(20)]
)
def test_other_bytes_are_refused_with_the_reason(content: bytes) -> None:
    with pytest.raises(MetaGraphError, match=r"the bytes are|no graph is tagged"):
        read_signatures(content)


def test_a_name_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(MetaGraphError, match="not UTF-8"):
        read_tags(b"\x12\x05\x0a\x03\x22\x01\xff")
