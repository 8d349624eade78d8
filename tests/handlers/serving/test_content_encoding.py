"""Compressed answers: only for callers that take them, and only if they get smaller."""

import base64
import gzip
import io
import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.handlers.serving.conftest import Context, Model, Server, echo, tensor

Serve = Callable[..., Server]
LARGE: dict[str, Any] = {"instances": [0.5] * 20_000}


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve({"m": echo("float32"), "text": echo("string")})


def ask(server: Server, body: Any, accepted: str | None, model: str = "m") -> dict[str, Any]:
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    return server.ask("POST", f"/v1/models/{model}:predict", body, headers)


@pytest.mark.parametrize(
    ("accepted", "encoding", "inflate"),
    [
        ("gzip", "gzip", gzip.decompress),
        ("deflate", "deflate", zlib.decompress),
        ("br, GZIP;q=0.5", "gzip", gzip.decompress),
        ("gzip;q=0, deflate", "deflate", zlib.decompress),
    ],
)
def test_a_large_answer_is_compressed_as_the_caller_takes_it(server: Server, accepted, encoding, inflate):
    plain, packed = ask(server, LARGE, None), ask(server, LARGE, accepted)
    assert packed["isBase64Encoded"]
    assert packed["headers"] == {
        "content-type": "application/json",
        "content-encoding": encoding,
        "vary": "accept-encoding",
        "x-model-version": "1",
    }
    assert inflate(base64.b64decode(packed["body"])).decode() == plain["body"]


@pytest.mark.parametrize("accepted", [None, "", "br", "identity", "gzip;q=0", "gzip; q=0.0"])
def test_an_answer_is_not_compressed_for_a_caller_that_does_not_take_it(server: Server, accepted):
    answer = ask(server, LARGE, accepted)
    assert not answer["isBase64Encoded"]
    assert "content-encoding" not in answer["headers"]


def test_a_small_answer_is_not_compressed(server: Server):
    assert "content-encoding" not in ask(server, {"instances": [0.5]}, "gzip")["headers"]


def test_what_gets_no_smaller_is_not_compressed(server: Server):
    noise = base64.b64encode(np.random.default_rng(0).bytes(60_000)).decode()
    assert "content-encoding" not in ask(server, {"instances": [noise]}, "gzip", "text")["headers"]


def test_what_is_too_large_for_lambda_fits_if_it_is_compressed(serve: Serve):
    server = serve({"m": echo("float32")}, room=1 << 30)
    many = {"instances": [0.125] * 1_100_000}
    body = '{"instances":[' + ",".join(["0.125"] * 1_100_000) + "]}"
    refused = server.ask("POST", "/v1/models/m:predict", body)
    assert refused["statusCode"] == 413
    reason = json.loads(refused["body"])["error"]
    assert "at most 6291556 can be returned. Send fewer instances in one request" in reason
    assert "accept gzip" in reason
    packed = server.ask("POST", "/v1/models/m:predict", body, {"accept-encoding": "gzip"})
    assert packed["statusCode"] == 200
    assert json.loads(gzip.decompress(base64.b64decode(packed["body"])))["predictions"] == many["instances"]


def test_a_body_that_the_way_in_has_inflated_already_is_read_as_it_is(server: Server):
    headers = {"content-encoding": "gzip"}
    assert server.ask("POST", "/v1/models/m:predict", '{"instances": [1]}', headers)["statusCode"] == 200


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
def test_whatever_a_rest_api_has_inflated_already_is_read_as_it_is(serve: Serve, encoding: str):
    server = serve({"m": Model({"x": tensor("float32", -1, 1)}, {"y": tensor("float32", -1, 1)}, lambda x: {"y": x})})
    numbers = np.array([[80.0], [2.0]], np.float32)
    header = json.dumps(
        {"inputs": [{"name": "x", "shape": [2, 1], "datatype": "FP32", "parameters": {"binary_data_size": 8}}]}
    ).encode()
    file = io.BytesIO()
    np.save(file, numbers)
    bodies = [
        ("/v2/models/m/infer", header + numbers.tobytes(), {"inference-header-content-length": str(len(header))}),
        ("/v1/models/m:predict", b'\n {"instances": [[80], [2]]}', {}),
        ("/invocations", b"[[80], [2]]", {"content-type": "application/json"}),
        ("/invocations", b"80\n2\n", {"content-type": "text/csv"}),  # "80" is a zlib header, too
        ("/invocations", file.getvalue(), {"content-type": "application/x-npy"}),
    ]
    for path, body, headers in bodies:
        event = {
            "httpMethod": "POST",
            "path": path,
            "headers": {**headers, "content-encoding": encoding},
            "requestContext": {"stage": "live"},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        answer = server.app.handle(event, Context())
        assert answer["statusCode"] == 200, (path, answer)


def test_a_body_that_inflates_beyond_the_limit_is_refused_with_the_limit(serve: Serve):
    server = serve({"m": echo("float32")}, room=1 << 40)
    event = {
        "version": "2.0",
        "rawPath": "/v1/models/m:predict",
        "headers": {"content-encoding": "gzip"},
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": base64.b64encode(gzip.compress(b" " * (65 << 20), 1)).decode(),
        "isBase64Encoded": True,
    }
    answer = server.app.handle(event, Context())
    assert answer["statusCode"] == 413
    assert "more than 67108864 bytes, the most allowed" in json.loads(answer["body"])["error"]
