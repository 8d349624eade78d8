"""The Invoke operation over HTTP, as AWS answers it and as the emulated API Gateway is answered."""

import asyncio
import http.client
import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from local import forwarding, gateway_permissions
from local.forwarding import Forwarding
from local.invoke_api import InvokeApi

FROM_GATEWAY = {"version": "2.0", "requestContext": {"apiId": "abc"}}


@pytest.fixture
def api(invocations) -> Iterator[InvokeApi]:
    api = InvokeApi(invocations)
    yield api
    api.stop()


def post(api: InvokeApi, path: str, event: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=60)
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    result = answer.status, dict(answer.headers), answer.read()
    connection.close()
    return result


def invoke(api: InvokeApi, name: str, event: object) -> tuple[int, dict[str, str], bytes]:
    return post(api, f"/2015-03-31/functions/{name}/invocations", event)


def gateway(api: InvokeApi, name: str, event: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    api.permissions.add(name, "test", "arn:aws:execute-api:*:abc/*")
    return post(api, urlsplit(api.gateway_url(name)).path, event, **headers)


def forwarded(event: object, url: str) -> dict[str, Any]:
    """What the emulator gets that forwards an event."""
    [answer] = all_forwarded([event], url)
    return answer


def all_forwarded(events: Sequence[object], url: str, most: int = 0) -> list[dict[str, Any]]:
    """The same of several events at once, of which so many may be on their way at a time."""

    async def forward() -> list[dict[str, Any]]:
        forwarding = Forwarding(most)
        try:
            return await asyncio.gather(*(forwarding.forward(event, url) for event in events))
        finally:
            await forwarding.close()

    return asyncio.run(forward())


def test_an_answer_is_the_handlers_own(api, register):
    register("echo")
    status, headers, body = invoke(api, "echo", {"a": 1})
    assert status == 200
    assert "X-Amz-Function-Error" not in headers
    assert json.loads(body)["event"] == {"a": 1}
    assert json.loads(body)["request_id"] == headers["X-Amzn-RequestId"]


def test_a_failure_of_the_function_is_said_in_a_header(api, register):
    register("misbehaving")
    status, headers, body = invoke(api, "misbehaving", {"raise": "no"})
    assert (status, headers["X-Amz-Function-Error"]) == (200, "Unhandled")
    assert json.loads(body)["errorType"] == "ValueError"


def test_an_unknown_function_is_not_found(api):
    status, headers, body = invoke(api, "nobody", {})
    assert (status, headers["X-Amzn-ErrorType"]) == (404, "ResourceNotFoundException")
    assert json.loads(body) == {"Type": "User", "message": "Function not found: nobody"}


def test_a_function_without_concurrency_is_throttled(api, register):
    register("echo", reserved_concurrency=0)
    status, headers, _ = invoke(api, "echo", {})
    assert (status, headers["X-Amzn-ErrorType"]) == (429, "TooManyRequestsException")


def test_another_path_is_not_found(api):
    assert post(api, "/", {})[0] == 404


def test_the_gateway_gives_the_request_its_id(api, register):
    register("echo")
    _, _, body = gateway(api, "echo", FROM_GATEWAY, **{"X-Amzn-Lambda-Request-Id": "the-id"})
    assert json.loads(body)["request_id"] == "the-id"


@pytest.mark.parametrize(
    ("function", "event", "status", "message"),
    [
        ("misbehaving", {"raise": "a secret"}, 500, "Internal Server Error"),
        ("misbehaving", {"die": True}, 500, "Internal Server Error"),
        ("bad_init", {}, 500, "Internal Server Error"),
        ("nobody", {}, 503, "Service Unavailable"),
    ],
)
def test_clients_of_the_gateway_never_see_what_went_wrong_inside(api, register, function, event, status, message):
    if function != "nobody":
        register(function)
    outer, _, body = gateway(api, function, {**FROM_GATEWAY, **event})
    answer = json.loads(body)
    assert (outer, answer["statusCode"], json.loads(answer["body"])) == (200, status, {"message": message})


def test_the_gateway_gives_up_on_a_function_that_takes_too_long(api, register, monkeypatch):
    monkeypatch.setattr(forwarding, "GATEWAY_SECONDS", 0.5)
    register("misbehaving", timeout_seconds=2)
    api.permissions.add("misbehaving", "test", "arn:aws:execute-api:*:abc/*")
    answer = forwarded({**FROM_GATEWAY, "hang": True}, api.gateway_url("misbehaving"))
    assert answer["body"]["statusCode"] == 503


def test_a_direct_invocation_through_the_emulator_fails_with_the_functions_error(api, register):
    register("misbehaving")
    status, _, body = gateway(api, "misbehaving", {"raise": "no"})
    assert (status, json.loads(body)["errorMessage"]) == (500, "no")


def test_whoever_is_not_the_gateway_waits_for_the_functions_own_timeout(api, register, monkeypatch):
    monkeypatch.setattr(forwarding, "GATEWAY_SECONDS", 0.1)
    register("misbehaving", timeout_seconds=1)
    answer = forwarded({"hang": True}, api.gateway_url("misbehaving"))
    assert answer["error"]
    assert "Sandbox.Timedout" in answer["body"]["errorMessage"]


@pytest.mark.parametrize(("most", "refused"), [(0, True), (1, False)])
def test_only_so_many_invocations_are_on_their_way_at_a_time(api, register, most, refused):
    register("echo", reserved_concurrency=1)
    answers = all_forwarded([{"number": number} for number in range(8)], api.gateway_url("echo"), most)
    assert any(answer.get("error") for answer in answers) == refused


def test_an_invocation_that_reaches_no_function_failed(api, register):
    register("echo")
    url = api.gateway_url("echo")
    assert forwarded({"a": 1}, url)["body"]["event"] == {"a": 1}
    answer = forwarded({}, url.replace("127.0.0.1", "127.0.0.2"))
    assert answer["error"]
    assert "cannot be reached" in answer["body"]["errorMessage"]


def test_api_gateway_answers_500_for_a_function_that_it_may_not_invoke(api, register):
    register("echo")
    path = urlsplit(api.gateway_url("echo")).path
    api.permissions.add("echo", "other", "arn:aws:execute-api:*:another/*")
    assert json.loads(post(api, path, FROM_GATEWAY)[2])["statusCode"] == 500
    api.permissions.add("echo", "this", "arn:aws:execute-api:*:abc/*")
    assert json.loads(post(api, path, FROM_GATEWAY)[2])["event"] == FROM_GATEWAY


def test_what_api_gateway_accepted_before_a_permission_went_is_still_answered(api, register, monkeypatch):
    register("echo")
    path = urlsplit(api.gateway_url("echo")).path
    api.permissions.add("echo", "this", "arn:aws:execute-api:*:abc/*")
    api.permissions.remove("echo", "this")
    assert json.loads(post(api, path, FROM_GATEWAY)[2])["event"] == FROM_GATEWAY
    monkeypatch.setattr(gateway_permissions, "ACCEPTED_SECONDS", 0.0)
    assert json.loads(post(api, path, FROM_GATEWAY)[2])["statusCode"] == 500
