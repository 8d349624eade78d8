"""Inputs that a request leaves out take their default values, in both dialects."""

import base64
import json
from collections.abc import Callable

import numpy as np
import pytest

from handlers.manifest import Default
from tests.handlers.serving.conftest import Model, Server, any_shape, tensor

Serve = Callable[..., Server]


def default(values: np.ndarray) -> Default:
    return {"shape": list(values.shape), "content": base64.b64encode(values.tobytes()).decode()}


@pytest.fixture
def server(serve: Serve) -> Server:
    """Scales rows, and tags them with a word; the factor and the word may be left out."""
    model = Model(
        {"x": tensor("float32", -1), "factor": tensor("float32"), "word": any_shape("string")},
        {"y": tensor("float32", -1), "word": any_shape("string")},
        lambda x, factor, word: {"y": x * factor, "word": np.full(len(x), word[0], object)},
        defaults={
            "factor": default(np.float32(2.5).reshape(())),
            "word": {"shape": [1], "strings": [base64.b64encode(b"none").decode()]},
        },
    )
    return serve({"m": model})


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (
            {"instances": [{"x": 2.0}, {"x": 4.0}]},
            {"predictions": [{"y": 5.0, "word": "none"}, {"y": 10.0, "word": "none"}]},
        ),
        ({"inputs": {"x": [2.0]}}, {"outputs": {"y": [5.0], "word": ["none"]}}),
        ({"inputs": {"x": [2.0], "factor": 3.0}}, {"outputs": {"y": [6.0], "word": ["none"]}}),
        ({"inputs": {"x": [2.0], "word": ["red"]}}, {"outputs": {"y": [5.0], "word": ["red"]}}),
    ],
)
def test_a_prediction_may_leave_out_what_has_a_default(server, body, answer):
    assert server.predict(body, "m") == (200, answer)


def test_an_inference_may_leave_out_what_has_a_default(server):
    part = {"name": "x", "datatype": "FP32", "shape": [1], "data": [2]}
    answer = json.loads(server.ask("POST", "/v2/models/m/infer", {"inputs": [part]})["body"])
    assert [output["data"] for output in answer["outputs"]] == [[5.0], ["none"]]


@pytest.mark.parametrize("body", [{"instances": [{"factor": 1.0}]}, {"inputs": {"factor": 1.0}}])
def test_what_has_no_default_is_still_required(server, body):
    status, answer = server.predict(body, "m")
    assert status == 400
    assert "x" in answer["error"]


def test_rows_that_leave_out_different_inputs_are_refused(server):
    status, answer = server.predict({"instances": [{"x": 1.0}, {"x": 1.0, "word": "red"}]}, "m")
    assert status == 400
    assert "keys must be equal to: x" in answer["error"]


def test_metadata_has_the_defaults_as_protobuf_writes_them(server):
    metadata = json.loads(server.ask("GET", "/v1/models/m/metadata")["body"])
    definition = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert definition["defaults"] == {
        "factor": {
            "dtype": "DT_FLOAT",
            "tensor_shape": {"dim": [], "unknown_rank": False},
            "tensor_content": base64.b64encode(np.float32(2.5).tobytes()).decode(),
        },
        "word": {
            "dtype": "DT_STRING",
            "tensor_shape": {"dim": [{"size": "1", "name": ""}], "unknown_rank": False},
            "string_val": [base64.b64encode(b"none").decode()],
        },
    }
