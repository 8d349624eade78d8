"""The real program with a REST API in front of it."""

import gzip
import json
import zlib

import pytest

from local.held_out import read_held_out
from local.stack import local_stack
from tests.identical.asks import asks_of_a_model, is_damaged_on_the_way
from tests.identical.exchange import Ask, exchange, get, post

INFER = "/v2/models/iris/infer"


def test_a_rest_api_gives_the_answers_of_an_http_api(repository):
    held_out = read_held_out(repository.parent, "iris")
    asks = [ask for ask in asks_of_a_model(held_out, (held_out.manifest.version,)) if not is_damaged_on_the_way(ask)]
    config = {"models": '["iris"]', "timeoutSeconds": "28"}
    with local_stack({**config, "api": "http"}) as http, local_stack({**config, "api": "rest"}) as rest:
        assert rest.api_url.endswith("/live")
        for ask in asks:
            assert exchange(rest.api_url, ask) == exchange(http.api_url, ask), ask


@pytest.mark.parametrize("typed", [True, False], ids=["with media types", "without media types"])
def test_a_rest_api_takes_and_gives_bytes(repository, typed):
    held_out = read_held_out(repository.parent, "iris")
    example = held_out.arrays["features"][:2].astype("<f4")
    size = {"binary_data_size": example.nbytes}
    tensor = {"name": "features", "shape": [2, 4], "datatype": "FP32", "parameters": size}
    header = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    types = {"accept": "application/octet-stream", "content-type": "application/octet-stream"} if typed else {}
    headers = {**types, "inference-header-content-length": str(len(header))}
    with local_stack({"models": '["iris"]', "timeoutSeconds": "28", "api": "rest"}) as stack:
        answer = exchange(
            stack.api_url, Ask(method="POST", path=INFER, body=header + example.tobytes(), headers=headers)
        )
    assert answer.status == 200
    length = int(dict(answer.headers)["inference-header-content-length"])
    assert json.loads(answer.body[:length])["outputs"][0]["parameters"] == {"binary_data_size": 24}
    assert len(answer.body) == length + 24


def test_a_rest_api_words_its_own_failures_as_the_dialects_do():
    with local_stack({"models": '["iris"]', "timeoutSeconds": "28", "api": "rest"}) as stack:
        answer = exchange(stack.api_url, get("/elsewhere"))
    assert answer.status == 403
    assert json.loads(answer.body) == {"error": "Missing Authentication Token"}


@pytest.mark.parametrize("api", ["http", "rest"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_body_may_say_that_it_is_json(repository, api, encoding):
    body = read_held_out(repository.parent, "iris").predict_body("serving_default", 0, 3)
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    headers = {"content-type": "application/json", "content-encoding": encoding}
    path = "/v1/models/iris:predict"
    with local_stack({"models": '["iris"]', "timeoutSeconds": "28", "api": api}) as stack:
        plain = exchange(stack.api_url, post(path, body))
        packed = exchange(
            stack.api_url, Ask(method="POST", path=path, body=pack(json.dumps(body).encode()), headers=headers)
        )
    assert (plain.status, packed) == (200, plain)


@pytest.mark.parametrize("api", ["http", "rest"])
def test_binary_tensors_may_be_compressed(repository, api):
    example = read_held_out(repository.parent, "iris").arrays["features"][:2].astype("<f4")
    tensor = {"name": "features", "shape": [2, 4], "datatype": "FP32"}
    header = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": example.nbytes}}]}).encode()
    body, headers = header + example.tobytes(), {"inference-header-content-length": str(len(header))}
    packed = {**headers, "content-encoding": "gzip"}
    with local_stack({"models": '["iris"]', "timeoutSeconds": "28", "api": api}) as stack:
        plain = exchange(stack.api_url, Ask(method="POST", path=INFER, body=body, headers=headers))
        compressed = exchange(stack.api_url, Ask(method="POST", path=INFER, body=gzip.compress(body), headers=packed))
    assert (plain.status, compressed) == (200, plain)


def _is_damaged_on_the_way(ask: Ask) -> bool:
    """Whether an HTTP API takes a body for text that is none: it then puts U+FFFD in the place of what is no UTF-8."""
    is_text = ask.headers.get("content-type") == "application/json" and "content-encoding" not in ask.headers
    return is_text and b"\xff" in (ask.body or b"")
