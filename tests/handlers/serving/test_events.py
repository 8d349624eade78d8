"""Every sender's events become the same request, and each gets the answer in its own form."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from handlers.serving import telemetry
from handlers.serving.dialects.tensorflow_serving import route
from handlers.serving.errors import AnswerTooLarge, InvalidRequest
from handlers.serving.events import MAX_ANSWER_BYTES, Request, Response, recognise
from tests.handlers.serving.conftest import Context, Server, half_plus

BODY = {"instances": [1.0]}
PATH = "/v1/models/m:predict"


def http_event(path: str = PATH, stage: str = "$default", **changes: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"http": {"method": "POST"}, "stage": stage},
        "body": json.dumps(BODY),
        "isBase64Encoded": False,
    } | changes


REST_EVENT = {"httpMethod": "POST", "path": PATH, "headers": {"Content-Type": "application/json"}} | {
    "body": json.dumps(BODY),
    "isBase64Encoded": False,
    "requestContext": {"stage": "prod"},
}
ENCODED = {"body": base64.b64encode(json.dumps(BODY).encode()).decode(), "isBase64Encoded": True}


@pytest.mark.parametrize(
    "event",
    [
        http_event(),
        http_event(f"/prod{PATH}", stage="prod"),
        http_event(PATH, stage="prod"),
        http_event(**ENCODED),
        REST_EVENT,
        REST_EVENT | ENCODED,
    ],
)
def test_one_request_comes_out_of_every_http_event(event: dict[str, Any]) -> None:
    request = recognise(event).request()
    assert (request.method, request.path, json.loads(request.body)) == ("POST", PATH, BODY)
    assert request.headers == {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("event", "label"),
    [
        (http_event("/v1/models/m/labels/ä b:predict"), "ä b"),
        (http_event("/v1/models/m/labels/a%41:predict"), "a%41"),
        (http_event("/v1/models/m/labels/a%2541:predict"), "a%41"),
        (http_event("/v1/models/m/labels/100%:predict"), "100%"),
        (REST_EVENT | {"path": "/v1/models/m/labels/a%2541:predict"}, "a%41"),
        (REST_EVENT | {"path": "/v1/models/m/labels/a%20b:predict"}, "a b"),
    ],
)
def test_what_a_path_says_is_decoded_once(event: dict[str, Any], label: str) -> None:
    assert route("POST", recognise(event).request().path).label == label


def test_a_function_url_leaves_the_path_as_it_was_sent() -> None:
    context = {"http": {"method": "POST"}, "stage": "$default", "domainName": "abc.lambda-url.eu-west-1.on.aws"}
    event = http_event("/v1/models/m/labels/a%20b%2541:predict", requestContext=context)
    assert route("POST", recognise(event).request().path).label == "a b%41"


def test_a_rest_event_may_lack_what_the_request_lacks() -> None:
    event = REST_EVENT | {"httpMethod": "GET", "headers": None, "multiValueHeaders": None, "body": None}
    assert recognise(event).request() == Request("GET", PATH)


def test_a_binary_body_of_a_rest_event_is_what_was_sent() -> None:
    sent = bytes(range(256))
    event = REST_EVENT | {"body": base64.b64encode(sent).decode(), "isBase64Encoded": True}
    assert recognise(event).request().body == sent


def test_a_direct_invocation_is_a_prediction() -> None:
    request = recognise({"model": "a b", "version": 2, "signature_name": "s", "instances": [1]}).request()
    assert (request.method, request.path) == ("POST", "/v1/models/a%20b/versions/2:predict")
    assert json.loads(request.body) == {"signature_name": "s", "instances": [1]}


@pytest.mark.parametrize(
    "event",
    [{}, {"model": 1}, {"model": "m", "version": "1"}, http_event(body="*", isBase64Encoded=True), [], "text", None],
)
def test_an_event_of_no_known_kind_is_refused(event: Any) -> None:
    with pytest.raises(InvalidRequest):
        recognise(event).request()


@pytest.mark.parametrize("event", [http_event(), REST_EVENT])
def test_bytes_travel_as_base64_and_json_as_text(event: dict[str, Any]) -> None:
    sent = recognise(event)
    assert sent.answer(Response(200, b'{"a":"\xc3\xa4"}'))["body"] == '{"a":"ä"}'
    answer = sent.answer(Response(200, b"\xff", {"content-type": "application/octet-stream"}))
    assert (answer["isBase64Encoded"], answer["body"]) == (True, "/w==")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'"' * (MAX_ANSWER_BYTES // 2), {"content-type": "application/json"}),
        (b"\0" * (MAX_ANSWER_BYTES // 4 * 3), {"content-type": "application/octet-stream"}),
    ],
)
def test_an_answer_that_lambda_would_refuse_is_refused_first(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(AnswerTooLarge):
        recognise(http_event()).answer(Response(200, body, headers))
    half = body[: len(body) // 2]
    written = recognise(http_event()).answer(Response(200, half, headers))
    assert len(json.dumps(written, ensure_ascii=False).encode()) < MAX_ANSWER_BYTES


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve({"m": half_plus(2)})


def test_a_direct_invocation_is_answered_with_the_body_as_an_object(server: Server) -> None:
    ask = server.app.handle
    assert ask({"model": "m", "instances": [1.0]}, Context()) == {"predictions": [2.5]}
    assert ask({"model": "m", "version": 1, "inputs": [1.0]}, Context()) == {"outputs": [2.5]}
    assert ask({"model": "x", "instances": [1.0]}, Context()) == {
        "error": "Servable not found for request: Latest(x)",
        "status": 404,
    }
    assert ask({"nonsense": 1}, Context())["status"] == 400
    assert ask({"warmup": True}, Context()) == {"warmup": True}


@pytest.mark.parametrize("event", [{"nonsense": 1}, {"requestContext": {"connectionId": "1"}}, [], "text", None, 3])
def test_an_event_of_no_known_kind_is_answered_with_the_kinds_that_are(server: Server, event: Any) -> None:
    answer = server.app.handle(event, Context())
    over_http = isinstance(event, dict) and "requestContext" in event
    status, said = (answer["statusCode"], json.loads(answer["body"])) if over_http else (answer["status"], answer)
    assert status == 400
    assert said["error"].startswith("The event is neither an HTTP request nor a direct invocation such as")


@pytest.mark.parametrize("event", [http_event(), REST_EVENT, REST_EVENT | {"requestContext": None}])
def test_a_request_over_http_that_is_malformed_is_answered_over_http(server: Server, event: dict[str, Any]) -> None:
    answer = server.app.handle(event | {"body": "*", "isBase64Encoded": True}, Context())
    assert answer["statusCode"] == 400
    assert "its body is base64" in json.loads(answer["body"])["error"]


def test_an_answer_above_lambdas_limit_is_413_with_the_reason(server: Server) -> None:
    answer = server.ask("POST", PATH, {"instances": [0.1234567] * 700_000})
    assert answer["statusCode"] == 413
    assert "Send fewer instances" in json.loads(answer["body"])["error"]


def test_an_unforeseen_error_is_500_with_the_request_id_and_nothing_internal(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(**inputs: object) -> dict[str, object]:
        raise ZeroDivisionError("secret")

    server.store.models["m"][1].formula = explode
    answer = server.ask("POST", PATH, BODY)
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"]) == {"error": "The request failed inside the server. Its id is request-1."}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "ZeroDivisionError: secret" in lines[0]["traceback"]
    assert lines[0]["requestId"] == "request-1"
    assert lines[1]["ServerErrors"] == 1


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_line_a_request_is_the_log_and_holds_nothing_of_the_payload(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.ask("POST", PATH, {"instances": [31337.0]})
    server.ask("POST", PATH, {"instances": [31337.0]})
    server.ask("POST", "/v1/models/nobody-knows-this:predict", BODY)
    first, second, third = lines = written(capsys)
    assert "31337" not in json.dumps(lines)
    assert "nobody-knows-this" not in json.dumps(lines)
    assert (first["ColdStarts"], first["cacheHit"], first["Model"], first["version"]) == (1, False, "m", 1)
    assert (second["ColdStarts"], second["cacheHit"]) == (0, True)
    assert "LoadTime" in first
    assert "LoadTime" not in second
    assert (third["status"], third.get("Model")) == (404, None)
    assert not any("_aws" in line for line in lines)


def test_a_line_has_the_metrics_of_the_sets_that_are_wanted(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS", "function,model,version")
    monkeypatch.setattr(telemetry, "_written_sets", telemetry._written_sets.__wrapped__)
    server.ask("POST", PATH, BODY)
    server.ask("POST", "/v1/models/nobody-knows-this:predict", BODY)
    known, unknown = written(capsys)
    found = {
        tuple(each["Dimensions"][0]): {metric["Name"] for metric in each["Metrics"]}
        for each in known["_aws"]["CloudWatchMetrics"]
    }
    of_requests = {"Requests", "ServerErrors", "ColdStarts", "LoadTime", "PredictTime"}
    assert found == {
        ("FunctionName",): of_requests,
        ("FunctionName", "Model"): of_requests,
        ("FunctionName", "FunctionVersion"): {"ServerErrors"},
    }
    assert all(name in known for names in found for name in names)
    assert {name for names in found.values() for name in names} <= known.keys()
    dimensions = [each["Dimensions"] for each in unknown["_aws"]["CloudWatchMetrics"]]
    assert dimensions == [[["FunctionName"]], [["FunctionName", "FunctionVersion"]]]
