"""The real program with a REST API in front of it."""

import gzip
import json
import zlib

import pytest

from local.held_out import read_held_out
from local.stack import local_stack
from tests.identical.asks import asks_of_a_model, is_damaged_on_the_way
from tests.identical.exchange import Ask, exchange, get, post
from tests.local.asking import asked
from tests.local.waiting import wait_until

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


PAGE, OTHER = "https://app.example.com", "https://admin.example.com"
PATH = "/v1/models/iris:predict"
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


@pytest.fixture(scope="module")
def open_to_pages(repository):
    """A stack whose answers two pages may read. Its callers sign."""
    config = {"models": '["iris"]', "timeoutSeconds": "28", "api": "rest", "openHealthChecks": "true"}
    with local_stack({**config, "auth": "iam", "corsOrigins": json.dumps([PAGE, OTHER])}) as stack:
        yield stack


@pytest.mark.parametrize("name", ["Origin", "origin"])
@pytest.mark.parametrize(("page", "allowed"), [(PAGE, PAGE), (OTHER, OTHER), ("https://evil.example.com", PAGE)])
def test_a_preflight_request_is_answered_without_a_signature_and_without_a_function(open_to_pages, name, page, allowed):
    ran: list[str] = []
    open_to_pages.invocations.on_report(lambda name, _: ran.append(name))
    status, headers, body = asked(open_to_pages, "OPTIONS", PATH, {**ASKS, name: page})
    assert (status, body, headers["access-control-allow-origin"]) == (204, b"", allowed)
    assert headers["access-control-allow-methods"] == "GET,POST"
    assert {"content-type", "authorization"} <= {*headers["access-control-allow-headers"].split(",")}
    assert (headers["access-control-max-age"], headers["vary"]) == ("3600", "Origin")
    asked(open_to_pages, "GET", "/v2/health/live", {})
    wait_until(lambda: bool(ran))
    assert len(ran) == 1  # the health check alone


def test_a_preflight_request_whose_body_no_template_takes_is_refused(open_to_pages):
    status, _, _ = asked(open_to_pages, "OPTIONS", PATH, {**ASKS, "Origin": PAGE, "Content-Type": "text/plain"})
    assert status == 415


def test_a_page_may_read_answers_and_the_apis_own_refusals(open_to_pages):
    status, headers, _ = asked(open_to_pages, "GET", "/v2/health/live", {"Origin": OTHER})
    assert (status, headers["access-control-allow-origin"]) == (200, OTHER)
    assert "x-model-version" in headers["access-control-expose-headers"].split(",")
    status, headers, _ = asked(open_to_pages, "GET", "/v2/health/live", {"Origin": "https://evil.example.com"})
    assert (status, "access-control-allow-origin" in headers) == (200, False)
    status, headers, _ = asked(open_to_pages, "POST", PATH, {"Origin": OTHER})
    assert (status, headers["access-control-allow-origin"]) == (403, OTHER)


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
