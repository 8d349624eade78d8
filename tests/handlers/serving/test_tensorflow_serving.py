"""TensorFlow Serving's dialect: the requests of its clients, and the answers of its model server."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.handlers.serving.conftest import Model, Server, any_shape, echo, half_plus, refusing, tensor

Serve = Callable[..., Server]


@pytest.fixture
def server(serve: Serve) -> Server:
    pair = Model(
        {"a": any_shape("float32"), "b": any_shape("int32")},
        {"sum": any_shape("float32"), "twice": any_shape("int32")},
        lambda a, b: {"sum": (a + b).astype(np.float32), "twice": (b * 2).astype(np.int32)},
    )
    scalar = Model(
        {"x": any_shape("float32")}, {"y": any_shape("float32")}, lambda x: {"y": x.sum().astype(np.float32)}
    )
    return serve(
        {
            "half_plus_two": half_plus(2),
            "half_plus_three": half_plus(3),
            "pair": pair,
            "scalar": scalar,
            "refusing": refusing(),
            "text": echo("string"),
            "bytes": echo("string", "y_bytes"),
            **{name: echo(name) for name in ("float32", "float64", "float16", "int32", "uint8", "int64", "bool")},
        }
    )


@pytest.mark.parametrize(
    ("model", "body", "answer"),
    [
        ("half_plus_two", {"instances": [1.0, 2.0, 5.0]}, {"predictions": [2.5, 3.0, 4.5]}),
        ("half_plus_two", {"inputs": [1, 2, 5]}, {"outputs": [2.5, 3.0, 4.5]}),
        ("half_plus_three", {"instances": [{"x": 1.0}, {"x": 2.0}]}, {"predictions": [3.5, 4.0]}),
        ("half_plus_three", {"inputs": {"x": [1.0], "ignored": 3}}, {"outputs": [3.5]}),
        ("half_plus_two", {"signature_name": "serving_default", "instances": [1]}, {"predictions": [2.5]}),
        ("half_plus_two", {"signature_name": "", "instances": [1]}, {"predictions": [2.5]}),
        (
            "pair",
            {"instances": [{"a": 1.5, "b": 2}, {"a": 0, "b": 3}]},
            {"predictions": [{"sum": 3.5, "twice": 4}, {"sum": 3.0, "twice": 6}]},
        ),
        ("pair", {"inputs": {"a": [1.5], "b": [2]}}, {"outputs": {"sum": [3.5], "twice": [4]}}),
        ("float32", {"inputs": 3}, {"outputs": 3.0}),
        ("float32", {"inputs": [[[1], [2]]]}, {"outputs": [[[1.0], [2.0]]]}),
        ("bool", {"instances": [True, False]}, {"predictions": [True, False]}),
        ("int64", {"instances": [2**63 - 1, -(2**63)]}, {"predictions": [2**63 - 1, -(2**63)]}),
        ("text", {"instances": ["ä", {"b64": "aGk="}]}, {"predictions": ["ä", "hi"]}),
        ("text", {"inputs": {"b64": "aGk="}}, {"outputs": "hi"}),
        ("bytes", {"instances": [["a", {"b64": "_w"}]]}, {"predictions": [[{"b64": "YQ=="}, {"b64": "/w=="}]]}),
    ],
)
def test_a_prediction_is_answered_in_the_form_it_was_asked_in(
    server: Server, model: str, body: Any, answer: Any
) -> None:
    assert server.predict(body, model) == (200, answer)


@pytest.mark.parametrize(
    ("model", "body", "reason"),
    [
        ("half_plus_two", "", "JSON Parse error: The document is empty"),
        ("half_plus_two", "  ", "JSON Parse error: The document is empty"),
        ("half_plus_two", '{"instances": [1,', "JSON Parse error: Invalid value. at offset: 17"),
        ("half_plus_two", '{"ä": nul}', "JSON Parse error: Invalid value. at offset: 7"),
        ("half_plus_two", "[1]", "JSON Value: [1] Is not object"),
        ("half_plus_two", {}, "Missing 'inputs' or 'instances' key"),
        ("half_plus_two", {"instances": []}, "JSON Value: {\"instances\": []} No values in 'instances' array"),
        (
            "half_plus_two",
            {"instances": 1},
            "JSON Value: {\"instances\": 1} Expecting 'instances' to be an list/array",
        ),
        (
            "half_plus_two",
            {"instances": [1], "inputs": [1]},
            'JSON Value: {"instances": [1], "inputs": [1]} Not formatted correctly expecting only one of '
            "'inputs' or 'instances' keys to exist ",
        ),
        (
            "half_plus_two",
            {"signature_name": 1, "instances": [1]},
            'JSON Value: {"signature_name": 1, "instances": [1]} not formatted correctly. '
            "'signature_name' key must be a string value.",
        ),
        (
            "half_plus_two",
            {"signature_name": "s", "instances": [1]},
            'Serving signature name: "s" not found in signature def',
        ),
        ("half_plus_two", {"instances": [1, {"x": 1}]}, "Expecting value/list but got object at item 1 of input list"),
        ("half_plus_two", {"instances": [{"x": 1}, 1]}, "Expecting object but got list at item 1 of input list"),
        (
            "pair",
            {"instances": [1]},
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map",
        ),
        (
            "pair",
            {"inputs": [1]},
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
            "tensorinfo_map",
        ),
        ("pair", {"inputs": {"a": [1]}}, "Missing named input: b in 'inputs' object."),
        (
            "pair",
            {"instances": [{"a": 1}]},
            "Failed to process element: 0 of 'instances' list. JSON object: {\"a\": 1} keys must be equal to: a,b",
        ),
        (
            "pair",
            {"instances": [{"a": 1, "b": 2, "c": 3}]},
            "Failed to process element: 0 key: c of 'instances' list. Error: INVALID_ARGUMENT: "
            "JSON object: does not have named input: c",
        ),
        (
            "pair",
            {"inputs": {"a": [1, 2], "b": 1.5}},
            "JSON Value: 1.5 Type: Number is not of expected type: int32 (input: b)",
        ),
        ("uint8", {"inputs": [256]}, "JSON Value: 256 Type: Number is not of expected type: uint8"),
        (
            "int64",
            {"inputs": [2**70]},
            "JSON Value: 1.1805916207174113e+21 Type: Number is not of expected type: int64",
        ),
        ("bool", {"inputs": [1]}, "JSON Value: 1 Type: Number is not of expected type: bool"),
        ("float32", {"inputs": [True]}, "JSON Value: true Type: True is not of expected type: float"),
        ("float32", {"inputs": [None]}, "JSON Value: null Type: Null is not of expected type: float"),
        ("text", {"inputs": [1]}, "JSON Value: 1 Type: Number is not of expected type: string"),
        ("text", {"inputs": [{"b64": "*"}]}, "Unable to base64 decode"),
        ("text", {"inputs": [[{"b": "aGk="}]]}, 'JSON Value: {"b": "aGk="} not formatted correctly for base64 data'),
        (
            "float32",
            {"instances": [[1, 2], [1, 2, 3]]},
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "
            "Expecting tensor size: 2 but got: 3",
        ),
        (
            "float32",
            {"instances": [[[1], [2]], [[1, 2]]]},
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "
            "Expecting shape [2,1] but got: [1,2]",
        ),
        (
            "float32",
            {"inputs": [[1, 2], [3]]},
            "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
        ),
        ("float32", {"inputs": [1, [2]]}, "Encountered list at unexpected level: 1 expected < 1"),
        ("scalar", {"instances": [1, 2]}, "Tensor name: y has no shape information "),
        (
            "half_plus_two",
            {"instances": [[1]]},
            "Input 'x' has the shape [1,1]; signature 'serving_default' takes [-1]",
        ),
        ("refusing", {"instances": [1]}, "The model refused the input 'x' of shape [1]: the model does not take this."),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused_with_the_reason(
    server: Server, model: str, body: Any, reason: str
) -> None:
    assert server.predict(body, model) == (400, {"error": reason})


def test_a_type_without_json_form_is_not_implemented(server: Server) -> None:
    assert server.predict({"inputs": [1.5]}, "float16") == (
        501,
        {"error": "Conversion of JSON Value: 1.5 to type: half"},
    )


def test_not_a_number_and_infinity_go_in_and_out_bare(server: Server) -> None:
    body = '{"instances": [NaN, Infinity, -Infinity, 1e39, 0.1]} and more'
    answer = server.ask("POST", "/v1/models/float32:predict", body)
    assert json.loads(answer["body"])["predictions"][3:] == [math.inf, 0.1]
    assert answer["body"] == '{\n    "predictions": [NaN, Infinity, -Infinity, Infinity, 0.1\n    ]\n}'


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_decimals_are_written_as_short_as_they_can_be_read_back(server: Server, dtype: str) -> None:
    values = [0.1, 1e-7, 9e6, 1 / 3, 123456789.0, 42.0] * 50
    strict = server.ask("POST", f"/v1/models/{dtype}:predict", {"instances": values})["body"]
    lenient = server.ask("POST", f"/v1/models/{dtype}:predict", json.dumps({"instances": [*values, math.nan]}))["body"]
    assert lenient == strict.replace("]", ",NaN]")
    kind = np.dtype(dtype).type
    assert [kind(value) for value in json.loads(strict)["predictions"]] == [kind(value) for value in values]
    assert strict.startswith('{"predictions":[0.1,1e-7,9000000.0,0.3333333')


def test_status_and_metadata_are_worded_as_protobuf_is(server: Server) -> None:
    status = json.loads(server.ask("GET", "/v1/models/half_plus_two")["body"])
    assert status == {
        "model_version_status": [
            {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
    }
    assert json.loads(server.ask("GET", "/v1/models/half_plus_two/versions/1")["body"]) == status
    metadata = json.loads(server.ask("GET", "/v1/models/half_plus_two/metadata")["body"])
    assert metadata["model_spec"] == {"name": "half_plus_two", "signature_name": "", "version": "1"}
    definition = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert definition["inputs"]["x"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
        "name": "",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/foo"),
        ("GET", "/v1/Models/half_plus_two"),
        ("POST", "/v1/models/half_plus_two:PREDICT"),
        ("GET", "/v1/models/m:predict"),
        ("POST", "/v1/models/m"),
    ],
)
def test_a_path_or_a_method_that_the_api_does_not_have_is_malformed(server: Server, method: str, path: str) -> None:
    answer = server.ask(method, path, "{}")
    assert (answer["statusCode"], json.loads(answer["body"])) == (400, {"error": f"Malformed request: {method} {path}"})
    assert answer["headers"]["content-type"] == "application/json"


VERSIONS = "/v1/models/half_plus_two/versions"


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", "/v1/models/foo", 404, "Could not find any versions of model foo"),
        ("GET", f"{VERSIONS}/99", 404, "Could not find version 99 of model half_plus_two"),
        ("POST", "/v1/models/foo:predict", 404, "Servable not found for request: Latest(foo)"),
        ("POST", f"{VERSIONS}/99:predict", 404, "Servable not found for request: Specific(half_plus_two, 99)"),
        ("POST", f"{VERSIONS}/{2**64 - 1}:predict", 400, f"Failed to convert version: {2**64 - 1} to numeric."),
        ("POST", "/v1/models/half_plus_two/labels/x:predict", 400, "Unrecognized servable version label: x"),
        ("POST", "/v1/models/m:classify", 501, "classify is not served; POST /v1/models/m:predict is"),
        ("DELETE", "/v1/models/m", 400, "Malformed request: DELETE /v1/models/m"),
        ("GET", "/elsewhere", 404, "Nothing is at /elsewhere; models answer under /v1/models/ and /v2/models/"),
    ],
)
def test_a_path_that_is_not_there_says_so(server: Server, method: str, path: str, status: int, reason: str) -> None:
    answer = server.ask(method, path, "{}")
    assert (answer["statusCode"], json.loads(answer["body"])) == (status, {"error": reason})
    assert answer["headers"]["content-type"] == "application/json"


def test_outputs_that_fall_into_unequal_rows_are_refused(serve: Serve) -> None:
    uneven = Model(
        {"x": tensor("float32", -1)},
        {"a": any_shape("float32"), "b": any_shape("float32")},
        lambda x: {"a": np.ones(2, np.float32), "b": np.ones(1, np.float32)},
    )
    assert serve({"uneven": uneven}).predict({"instances": [1]}, "uneven") == (
        400,
        {"error": "Tensor name: b has inconsistent batch size: 1 expecting: 2"},
    )


def test_a_large_batch_of_images_is_read_without_a_loop_over_its_values(server: Server) -> None:
    images = np.arange(2 * 16 * 16 * 3, dtype=np.float32).reshape(2, 16, 16, 3)
    status, answer = server.predict({"instances": images.tolist()}, "float32")
    assert status == 200
    assert np.array_equal(np.array(answer["predictions"], np.float32), images)


def test_a_signature_without_inputs_is_asked_with_an_empty_object(serve: Serve) -> None:
    server = serve({"clock": Model({}, {"y": tensor("float32", 1)}, lambda: {"y": np.float32([3])})})
    assert server.predict({"inputs": {}}, "clock") == (200, {"outputs": [3.0]})
    for body in ({"inputs": []}, {"inputs": 5}, {"instances": [1]}, {"inputs": {"x": 1}}):
        status, answer = server.predict(body, "clock")
        assert status == 400
        assert "takes no inputs: send 'inputs' as an empty object" in answer["error"]
