"""A request is found in the log by each id that its caller may know it by."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.handlers.serving.conftest import Context, Server, half_plus

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
INPUT = {"name": "x", "datatype": "FP32", "shape": [1], "data": [1.0]}


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve({"m": half_plus(2)})


def record_of(
    server: Server,
    capsys: pytest.CaptureFixture[str],
    body: Any,
    headers: Mapping[str, str] | None = None,
    **context: str,
) -> Mapping[str, Any]:
    event = {
        "rawPath": "/v2/models/m/infer",
        "headers": dict(headers or {}),
        "requestContext": {"http": {"method": "POST"}, "stage": "$default", **context},
        "body": json.dumps(body),
    }
    server.app.handle(event, Context())
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_record_has_the_api_s_id_and_those_that_the_caller_sent(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"X-Request-Id": "of-the-caller", "Traceparent": TRACE}
    record = record_of(server, capsys, {"id": "of-the-body", "inputs": [INPUT]}, headers, requestId="of-the-api")
    assert record["status"] == 200
    assert (record["apiRequestId"], record["callerRequestId"]) == ("of-the-api", "of-the-caller")
    assert (record["traceparent"], record["inferenceId"]) == (TRACE, "of-the-body")


def test_the_record_of_a_request_that_was_refused_has_the_id_of_its_body(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    record = record_of(server, capsys, {"id": "of-the-body", "inputs": [{**INPUT, "shape": [7]}]})
    assert (record["status"], record["inferenceId"]) == (400, "of-the-body")


def test_a_record_without_ids_has_no_names_for_them(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    record = record_of(server, capsys, {"inputs": [INPUT]})
    assert record.keys().isdisjoint({"apiRequestId", "callerRequestId", "traceparent", "inferenceId"})


def test_an_id_is_logged_without_control_characters_and_cut_off(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    record = record_of(server, capsys, {"id": "\u0007" + "x" * 500, "inputs": [INPUT]}, {"x-request-id": "a\nb\ud800"})
    assert record["callerRequestId"] == "a?b?"
    assert record["inferenceId"] == "?" + "x" * 127
