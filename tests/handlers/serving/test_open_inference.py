"""The Open Inference Protocol: JSON and binary tensors, metadata, health, and refusals in Triton's words."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tritonclient.http as triton

from tests.handlers.serving.conftest import Context, Model, Server, any_shape, echo, half_plus, tensor

Serve = Callable[..., Server]


@pytest.fixture
def server(serve: Serve) -> Server:
    pair = Model(
        {"a": tensor("float32", -1, 2), "b": any_shape("int32")},
        {"sum": any_shape("float32"), "twice": any_shape("int32")},
        lambda a, b: {"sum": a.sum(keepdims=True), "twice": (b * 2).astype(np.int32)},
    )
    dtypes = "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64 string".split()
    return serve({"half_plus_two": half_plus(2), "pair": pair, **{name: echo(name) for name in dtypes}})


def infer(server: Server, model: str, body: Any) -> tuple[int, Any]:
    answer = server.ask("POST", f"/v2/models/{model}/infer", body)
    return answer["statusCode"], json.loads(answer["body"])


def send(server: Server, model: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, dict[str, str]]:
    """Send a body as API Gateway sends bytes that are not text."""
    event = {
        "version": "2.0",
        "rawPath": f"/v2/models/{model}/infer",
        "headers": dict(headers),
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    answer = server.app.handle(event, Context())
    content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return answer["statusCode"], content, answer["headers"]


def test_the_server_says_what_it_is_and_that_it_lives(server: Server) -> None:
    for path in ("/v2", "/v2/"):
        assert set(json.loads(server.ask("GET", path)["body"])) == {"name", "version", "extensions"}
    assert json.loads(server.ask("GET", "/v2/health/live")["body"]) == {"live": True}
    assert json.loads(server.ask("GET", "/v2/health/ready")["body"]) == {"live": True, "ready": True}


def test_a_model_says_what_it_takes(server: Server) -> None:
    for path in ("/v2/models/pair", "/v2/models/pair/versions/1"):
        assert json.loads(server.ask("GET", path)["body"]) == {
            "name": "pair",
            "versions": ["1"],
            "platform": "tensorflow_savedmodel",
            "inputs": [
                {"name": "a", "datatype": "FP32", "shape": [-1, 2]},
                {"name": "b", "datatype": "INT32", "shape": [-1]},
            ],
            "outputs": [
                {"name": "sum", "datatype": "FP32", "shape": [-1]},
                {"name": "twice", "datatype": "INT32", "shape": [-1]},
            ],
        }
    assert json.loads(server.ask("GET", "/v2/models/pair/ready")["body"]) == {"name": "pair", "ready": True}


@pytest.mark.parametrize("data", [[1, 2, 3.5, 4], [[1, 2], [3.5, 4]]])
def test_json_data_may_be_flat_or_nested(server: Server, data: Any) -> None:
    inputs = [
        {"name": "a", "datatype": "FP32", "shape": [2, 2], "data": data},
        {"name": "b", "datatype": "INT32", "shape": [1], "data": [3]},
    ]
    body = {"id": "7", "inputs": inputs, "outputs": [{"name": "twice"}, {"name": "sum"}]}
    assert infer(server, "pair", body) == (
        200,
        {
            "model_name": "pair",
            "model_version": "1",
            "id": "7",
            "outputs": [
                {"name": "twice", "datatype": "INT32", "shape": [1], "data": [6]},
                {"name": "sum", "datatype": "FP32", "shape": [1, 1], "data": [10.5]},
            ],
        },
    )


def part(**changes: Any) -> dict[str, Any]:
    return {"name": "x", "datatype": "FP32", "shape": [1], "data": [1]} | changes


@pytest.mark.parametrize(
    ("model", "inputs", "status", "reason"),
    [
        ("absent", [part()], 404, "Request for unknown model: 'absent' is not found"),
        ("float32", [part(name="y")], 400, "unexpected inference input 'y' for model 'float32'"),
        (
            "pair",
            [part(name="a", shape=[1, 2], data=[1, 2])],
            400,
            "expected 2 inputs but got 1 inputs for model 'pair'. Got input(s) ['a'], but missing required input(s) "
            "['b']. Please provide all required input(s).",
        ),
        (
            "float32",
            [part(datatype="INT32")],
            400,
            "inference input 'x' data-type is 'INT32', but model 'float32' expects 'FP32'",
        ),
        (
            "half_plus_two",
            [part(shape=[1, 1])],
            400,
            "unexpected shape for input 'x' for model 'half_plus_two'. Expected [-1], got [1,1]. ",
        ),
        (
            "float32",
            [part(data=[1, 2])],
            400,
            "Unable to parse 'data' of input 'x': its shape [2] is not [1]",
        ),
        (
            "float32",
            [part(data=["a"])],
            400,
            "Unable to parse 'data' of input 'x': JSON Value: \"a\" Type: String is not of expected type: float",
        ),
        (
            "float16",
            [part(datatype="FP16")],
            400,
            "receiving FP16 data via JSON is not supported. Please use the binary data format for input x",
        ),
        (
            "float32",
            [part(parameters={"binary_data_size": 4})],
            400,
            "Input 'x' must set only one of the following fields: 'data', 'binary_data_size' in 'parameters'",
        ),
        ("float32", None, 400, "'inputs' must be a list of objects, each with a 'name'"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_reason(
    server: Server, model: str, inputs: Any, status: int, reason: str
) -> None:
    assert infer(server, model, {"inputs": inputs}) == (status, {"error": reason})


def test_unknown_outputs_are_refused(server: Server) -> None:
    body = {"inputs": [part()], "outputs": [{"name": "z"}]}
    assert infer(server, "float32", body) == (400, {"error": "unexpected inference output 'z' for model 'float32'"})


VALUES = {
    "BOOL": [[True, False]],
    "FP16": [[0.5, 65504.0]],
    "FP32": [[0.1, float("nan")]],
    "FP64": [[0.1, -1e300]],
    **{f"INT{bits}": [[-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]] for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": [[0, 2**bits - 1]] for bits in (8, 16, 32, 64)},
}
NAMES = {"BOOL": "bool", "FP16": "float16", "FP32": "float32", "FP64": "float64"}


@pytest.mark.parametrize(
    ("datatype", "binary_output"),
    [(name, binary) for name in [*VALUES, "BYTES"] for binary in (True, False) if binary or name != "FP16"],
)
def test_tritons_own_client_reads_back_what_it_sent(server: Server, datatype: str, binary_output: bool) -> None:
    name = NAMES.get(datatype, "string" if datatype == "BYTES" else datatype.lower())
    if datatype == "BYTES":
        sent = np.array([["ä".encode(), b""], [b"b", b"long" * 99]], dtype=object)
    else:
        sent = np.array(VALUES[datatype], dtype=name)
    given = triton.InferInput("x", list(sent.shape), datatype)
    given.set_data_from_numpy(sent, binary_data=True)
    outputs = [triton.InferRequestedOutput("y", binary_data=binary_output)]
    body, length = triton.InferenceServerClient.generate_request_body([given], outputs=outputs)
    status, content, headers = send(server, name, body, {"Inference-Header-Content-Length": str(length)})
    assert status == 200, content
    header = headers.get("inference-header-content-length")
    result = triton.InferenceServerClient.parse_response_body(
        content, header_length=None if header is None else int(header)
    )
    received = result.as_numpy("y")
    if datatype == "BYTES" and not binary_output:
        received = np.vectorize(lambda text: text if isinstance(text, bytes) else text.encode(), otypes=[object])(
            received
        )
    assert np.array_equal(received, sent, equal_nan=datatype.startswith("FP"))


def test_a_bfloat16_tensor_travels_as_its_bits(server: Server) -> None:
    sent = np.array([[1.0, -2.5, 65536.0]], ml_dtypes.bfloat16)
    given = triton.InferInput("x", [1, 3], "BF16")
    given.set_data_from_numpy(sent)
    outputs = [triton.InferRequestedOutput("y", binary_data=True)]
    body, length = triton.InferenceServerClient.generate_request_body([given], outputs=outputs)
    status, content, headers = send(server, "bfloat16", body, {"Inference-Header-Content-Length": str(length)})
    assert status == 200, content
    header = int(headers["inference-header-content-length"])
    result = triton.InferenceServerClient.parse_response_body(content, header_length=header)
    assert result.as_numpy("y").tolist() == sent.tolist()
    status, content, headers = send(server, "bfloat16", content[header:], {"Inference-Header-Content-Length": "0"})
    assert status == 400
    assert "cannot be told from its size" in content.decode()


def test_a_raw_request_is_the_bytes_of_the_only_input(server: Server) -> None:
    raw = np.array([1, 2, 5], np.float32).tobytes()
    status, content, headers = send(server, "half_plus_two", raw, {"Inference-Header-Content-Length": "0"})
    length = int(headers["inference-header-content-length"])
    assert status == 200
    assert np.frombuffer(content[length:], np.float32).tolist() == [2.5, 3.0, 4.5]


@pytest.mark.parametrize(
    ("header", "payload", "reason"),
    [
        ("999", b"", "inference header size should be in range (0, 125), got: 999"),
        (None, b"\0\0", "unexpected size for input 'x', expecting 4 bytes but 2 remain"),
        (None, b"\0\0\0\0\0", "unexpected additional input data for model 'float32': 1 bytes belong to no input"),
    ],
)
def test_binary_data_of_the_wrong_size_is_refused(
    server: Server, header: str | None, payload: bytes, reason: str
) -> None:
    head = json.dumps(
        {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": 4}}]}
    ).encode()
    head += b" " * (125 - len(head))
    status, content, _ = send(server, "float32", head + payload, {"inference-header-content-length": header or "125"})
    assert (status, json.loads(content)) == (400, {"error": reason})


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "bare deflate"])
def test_compressed_requests_are_read(server: Server, encoding: str) -> None:
    body = json.dumps({"inputs": [part()]}).encode()
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "bare deflate": bare.compress(body) + bare.flush(),
    }[encoding]
    status, content, _ = send(server, "half_plus_two", packed, {"Content-Encoding": encoding.split()[-1]})
    assert (status, json.loads(content)["outputs"][0]["data"]) == (200, [2.5])
    status, content, _ = send(server, "half_plus_two", packed[:-9], {"Content-Encoding": encoding.split()[-1]})
    assert status == 400


def test_an_unknown_content_encoding_is_refused(server: Server) -> None:
    status, content, _ = send(server, "half_plus_two", b"x", {"content-encoding": "br"})
    assert status == 400
    assert b"allowed are gzip, deflate" in content


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/health/live", 405),
        ("GET", "/v2/models/pair/infer", 405),
        ("GET", "/v2/elsewhere", 404),
        ("GET", "/v2/models/pair/", 404),
        ("GET", "/v2/models/absent", 404),
        ("GET", "/v2/models/pair/versions/2", 404),
        ("GET", "/v2/models/pair/versions/x", 400),
    ],
)
def test_a_path_that_is_not_there_says_so(server: Server, method: str, path: str, status: int) -> None:
    answer = server.ask(method, path)
    assert answer["statusCode"] == status
    assert set(json.loads(answer["body"])) == {"error"}


def test_every_integer_type_has_a_json_form(server: Server) -> None:
    for name in ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"):
        inputs = [part(datatype=name.upper(), data=[7])]
        status, answer = infer(server, name, {"inputs": inputs})
        assert (status, answer.get("outputs", answer)) == (
            200,
            [{"name": "y", "datatype": name.upper(), "shape": [1], "data": [7]}],
        )


def test_an_output_that_the_protocol_has_no_datatype_for_is_refused_by_name(serve: Serve) -> None:
    spectrum = Model({"x": any_shape("float32")}, {"y": any_shape("complex64")}, lambda x: {"y": x.astype("complex64")})
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1.0]}]}
    status, answer = infer(serve({"spectrum": spectrum}), "spectrum", body)
    assert (status, answer) == (
        501,
        {"error": "output 'y' is of type complex64, which the protocol has no datatype for"},
    )
