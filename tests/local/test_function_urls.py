"""The real program with a function URL in front of it."""

import json

import pytest
from botocore.credentials import Credentials

from clients.signing import Signer
from local.emulator import CREDENTIALS, REGION
from local.held_out import read_held_out
from local.stack import local_stack
from tests.identical.asks import asks_of_a_model
from tests.identical.exchange import Ask, exchange, get
from tests.local.asking import asked

SETTINGS = {"models": '["iris"]', "api": "url"}


@pytest.fixture(scope="module")
def stack(repository):
    with local_stack(SETTINGS) as stack:
        yield stack


def test_a_function_url_gives_the_answers_of_an_http_api(stack, repository):
    held_out = read_held_out(repository.parent, "iris")
    with local_stack({**SETTINGS, "api": "http", "timeoutSeconds": "28"}) as gateway:
        for ask in asks_of_a_model(held_out, (held_out.manifest.version,)):
            assert exchange(stack.api_url, ask) == exchange(gateway.api_url, ask), ask


def test_every_path_reaches_the_function(stack):
    assert json.loads(exchange(stack.api_url, get("/elsewhere")).body)["error"].startswith("Nothing is at /elsewhere")
    assert exchange(stack.api_url, get("/ping")).status == 200
    assert exchange(stack.api_url, get("/")).status == 200


def test_a_body_that_lambda_refuses_is_refused(stack):
    body = json.dumps({"instances": [[0.0] * 4] * 400_000}).encode()
    ask = Ask(method="POST", path="/v1/models/iris:predict", body=body, headers={"content-type": "application/json"})
    assert exchange(stack.api_url, ask).status == 413


def test_an_address_that_is_not_known_is_forbidden(stack):
    other = stack.api_url.rpartition("/")[0] + "/another"
    assert exchange(other, get("/v2/health/live")).status == 403


def test_pages_are_answered_only_where_the_setting_names_them(repository):
    origin = {"Origin": "https://app.example.com"}
    asks = {**origin, "Access-Control-Request-Method": "POST"}
    with local_stack({**SETTINGS, "corsOrigins": '["https://app.example.com"]'}) as stack:
        status, headers, _ = asked(stack, "OPTIONS", "/v1/models/iris:predict", asks)
        assert (status, headers["access-control-allow-origin"]) == (200, "https://app.example.com")
        assert "content-type" in headers["access-control-allow-headers"].split(",")
        _, headers, _ = asked(stack, "GET", "/v2/health/live", {"Origin": "https://other.example.com"})
        assert "access-control-allow-origin" not in headers
        _, headers, _ = asked(stack, "GET", "/v2/health/live", origin)
        assert headers["access-control-allow-origin"] == "https://app.example.com"


def test_a_caller_without_a_signature_is_refused_where_one_is_asked_for(repository):
    with local_stack({**SETTINGS, "auth": "iam"}) as stack:
        signer = Signer(REGION, service="lambda", credentials=Credentials(*CREDENTIALS.values()))
        signed = signer.headers("GET", f"{stack.api_url}/v2/health/live")
        assert asked(stack, "GET", "/v2/health/live", {})[0] == 403
        assert asked(stack, "GET", "/v2/health/ready", signed)[0] == 403
        assert asked(stack, "GET", "/v2/health/live", signed)[0] == 200
