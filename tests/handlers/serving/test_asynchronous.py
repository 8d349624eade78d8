"""Requests that are answered later: accepted with 202, led back by a queue, answered in S3 as they would have been."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest

from handlers.contract import ASYNCHRONOUS_PLACE, ASYNCHRONOUS_QUEUE, MOST_TRIES
from handlers.serving.app import App
from handlers.serving.events import LAST_SECONDS, Response, recognise
from local.emulator import Emulator
from tests.handlers.serving.conftest import BUCKET, Context, Server, half_plus

LATER = {"prefer": "respond-async", "content-type": "application/json"}
PREDICT, INFER = "/v1/models/m:predict", "/v2/models/m/infer"
ONE = {"instances": [1.0]}
TENSOR = {"id": "mine", "inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1.0]}]}


@pytest.fixture
def queue(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> "Queue":
    url = aws.client("sqs").create_queue(QueueName="requests")["QueueUrl"]
    aws.client("sqs").purge_queue(QueueUrl=url)
    monkeypatch.setenv(ASYNCHRONOUS_PLACE, f"s3://{BUCKET}/asynchronous")
    monkeypatch.setenv(ASYNCHRONOUS_QUEUE, url)
    return Queue(aws.client("sqs"), url)


class Queue:
    """The queue, as Lambda reads it."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def event(self, tries: int = 1) -> dict[str, Any]:
        """The next message as a function gets it."""
        [message] = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=5)["Messages"]
        return event_of(message["Body"], tries, message["ReceiptHandle"])


def event_of(body: str, tries: int = 1, handle: str = "unknown") -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(tries)}
    own = {"messageId": "message-1", "receiptHandle": handle, "body": body, "attributes": attributes}
    return {"Records": [{**own, "eventSource": "aws:sqs"}]}


@pytest.fixture
def app(serve: Callable[..., Server], queue: Queue) -> App:
    served = serve({"m": half_plus(2), "other": half_plus(3)})
    return App(served.app.repository, answers_later=True)


def ask(app: App, path: str, body: Any = None, headers: Any = None) -> dict[str, Any]:
    http = {"method": "GET" if body is None else "POST"}
    event = {"requestContext": {"http": http, "stage": "$default"}, "rawPath": path, "headers": headers or {}}
    return app.handle({**event, **({} if body is None else {"body": json.dumps(body)})}, Context())


def accepted_at(answer: dict[str, Any], path: str) -> str:
    """The path of the answer, as a client finds it."""
    assert answer["statusCode"] == 202, answer
    assert answer["headers"]["preference-applied"] == "respond-async"
    return urljoin(path, answer["headers"]["location"])


DONE: dict[str, Any] = {"batchItemFailures": []}
FAILED: dict[str, Any] = {"batchItemFailures": [{"itemIdentifier": "message-1"}]}


@pytest.mark.parametrize(
    ("path", "body", "at"),
    [
        (PREDICT, ONE, "/v1/models/m/answers/"),
        ("/v1/models/m/versions/1:predict", ONE, "/v1/models/m/answers/"),
        (INFER, TENSOR, "/v2/models/m/answers/"),
        ("/v2/models/m/versions/1/infer", TENSOR, "/v2/models/m/answers/"),
    ],
)
def test_a_request_that_prefers_it_is_answered_later_as_it_would_have_been(
    app: App, queue: Queue, path: str, body: Any, at: str
) -> None:
    place = accepted_at(ask(app, path, body, LATER), path)
    assert place.startswith(at)
    waiting = ask(app, place)
    assert (waiting["statusCode"], waiting["headers"]["retry-after"]) == (202, "1")
    assert app.handle(queue.event(), Context()) == DONE
    at_once, later = ask(app, path, body), ask(app, place)
    assert (later["statusCode"], later["body"]) == (200, at_once["body"])
    assert later["headers"] == at_once["headers"]


def test_the_answer_says_no_to_what_would_have_been_refused(app: App, queue: Queue) -> None:
    place = accepted_at(ask(app, PREDICT, {"instances": ["text"]}, LATER), PREDICT)
    assert app.handle(queue.event(), Context()) == DONE
    later, at_once = ask(app, place), ask(app, PREDICT, {"instances": ["text"]})
    assert later["statusCode"] == at_once["statusCode"] == 400
    assert later["body"] == at_once["body"]


@pytest.mark.parametrize(
    "preference", ["wait=10, respond-async", "Respond-Async; x=1", "handling=lenient,respond-async"]
)
def test_a_preference_may_stand_among_others(app: App, queue: Queue, preference: str) -> None:
    accepted_at(ask(app, PREDICT, ONE, {"prefer": preference}), PREDICT)
    queue.event()


def test_another_preference_changes_nothing(app: App) -> None:
    assert ask(app, PREDICT, ONE, {"prefer": "return=minimal"})["statusCode"] == 200


def test_a_model_that_is_not_served_is_refused_at_once(app: App) -> None:
    assert ask(app, "/v1/models/nobody:predict", ONE, LATER)["statusCode"] == 404


def test_a_server_without_a_queue_answers_at_once_and_keeps_no_answers(serve: Callable[..., Server]) -> None:
    app = serve({"m": half_plus(2)}).app
    answer = ask(app, PREDICT, ONE, LATER)
    assert (answer["statusCode"], "preference-applied" in answer["headers"]) == (200, False)
    refused = ask(app, "/v1/models/m/answers/0a")
    assert (refused["statusCode"], "answers every request at once" in refused["body"]) == (404, True)


@pytest.mark.parametrize("path", ["/v1/models/m/answers/0a", "/v2/models/m/answers/0a"])
def test_an_answer_that_nobody_asked_for_is_not_found(app: App, path: str) -> None:
    answer = ask(app, path)
    assert (answer["statusCode"], "no request 0a of the model 'm'" in answer["body"]) == (404, True)


def test_an_answer_is_found_only_under_its_own_model(app: App, queue: Queue) -> None:
    place = accepted_at(ask(app, PREDICT, ONE, LATER), PREDICT)
    app.handle(queue.event(), Context())
    assert ask(app, place.replace("/m/", "/other/"))["statusCode"] == 404


def test_what_may_hold_credentials_is_not_kept(app: App, queue: Queue, emulator: Emulator) -> None:
    headers = {**LATER, "authorization": "Bearer secret", "x-api-key": "secret", "x-caller-id": "team"}
    accepted_at(ask(app, PREDICT, ONE, headers), PREDICT)
    named = json.loads(queue.event()["Records"][0]["body"])
    key = f"asynchronous/m/requests/{named['id']}"
    content = emulator.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert b"secret" not in content
    assert b"x-caller-id" in content


def test_a_failure_of_the_server_is_tried_again_and_its_last_answer_kept(
    app: App, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = accepted_at(ask(app, PREDICT, ONE, LATER), PREDICT)
    body = queue.event()["Records"][0]["body"]

    def fails(*_: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as broken:
        broken.setattr(app, "_predict", fails)
        for tries in range(1, MOST_TRIES):
            assert app.handle(event_of(body, tries), Context()) == FAILED
            assert ask(app, place)["statusCode"] == 202
        assert app.handle(event_of(body, MOST_TRIES), Context()) == FAILED
    assert ask(app, place)["statusCode"] == 500
    # Somebody moves the message back from the dead-letter queue when the server is mended.
    assert app.handle(event_of(body), Context()) == DONE
    assert ask(app, place)["statusCode"] == 200


def test_a_failure_counts_when_it_happens_and_not_when_it_is_told(
    app: App, queue: Queue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = accepted_at(ask(app, PREDICT, ONE, LATER), PREDICT)
    message = event_of(queue.event()["Records"][0]["body"], MOST_TRIES)
    with monkeypatch.context() as broken:
        broken.setattr(app, "_predict", lambda *_: Response(503))
        app.handle(message, Context())
    assert ask(app, place)["statusCode"] == 503
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["status"], line["ServerErrors"]) for line in lines] == [(202, 0), (503, 1), (503, 0)]


def test_a_queued_prediction_leaves_seconds_to_keep_its_answer(app: App, queue: Queue) -> None:
    accepted_at(ask(app, PREDICT, ONE, LATER), PREDICT)
    assert recognise(queue.event()).request().last_seconds >= 10 * LAST_SECONDS


def test_a_message_that_comes_twice_leaves_the_first_answer(
    app: App, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = accepted_at(ask(app, PREDICT, ONE, LATER), PREDICT)
    event = queue.event()
    assert app.handle(event, Context()) == DONE
    first = ask(app, place)
    monkeypatch.setattr(app, "_predict", lambda *_: Response(200, b"another"))
    assert app.handle(event, Context()) == DONE
    assert ask(app, place)["body"] == first["body"] != "another"


@pytest.mark.parametrize("body", ["{}", "no json", '{"model": 1, "id": "a"}', '{"model": "m", "id": "a", "more": 1}'])
def test_a_message_that_names_no_request_goes_to_the_dead_letters(app: App, body: str) -> None:
    assert app.handle(event_of(body), Context()) == FAILED


def test_a_request_that_is_kept_no_more_is_answered_with_that(app: App) -> None:
    assert app.handle(event_of('{"model": "m", "id": "gone"}'), Context()) == DONE
    answer = ask(app, "/v1/models/m/answers/gone")
    assert (answer["statusCode"], "older than answers are kept" in answer["body"]) == (404, True)


def test_a_request_that_cannot_be_kept_is_not_accepted(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ASYNCHRONOUS_PLACE, "s3://no-bucket-of-this-name/asynchronous")
    answer = ask(app, PREDICT, ONE, LATER)
    assert answer["statusCode"] == 503
    assert "NoSuchBucket" in answer["body"]


def test_several_messages_at_once_are_not_taken_for_answered(app: App) -> None:
    [record] = event_of("{}")["Records"]
    records = [record, {**record, "messageId": "message-2"}]
    failed = [{"itemIdentifier": "message-1"}, {"itemIdentifier": "message-2"}]
    assert app.handle({"Records": records}, Context()) == {"batchItemFailures": failed}


def test_the_document_of_the_api_says_where_answers_are(app: App) -> None:
    paths = json.loads(ask(app, "/openapi.json")["body"])["paths"]
    for version, predict in (("v1", PREDICT), ("v2", INFER)):
        assert {"200", "202", "404"} <= paths[f"/{version}/models/m/answers/{{id}}"]["get"]["responses"].keys()
        assert "202" in paths[predict]["post"]["responses"]
        assert [each["name"] for each in paths[predict]["post"]["parameters"]] == ["Prefer"]


def test_both_records_have_the_id_of_the_answer(app: App, queue: Queue, capsys: pytest.CaptureFixture[str]) -> None:
    place = accepted_at(ask(app, PREDICT, ONE, {**LATER, "x-request-id": "mine"}), PREDICT)
    app.handle(queue.event(), Context())
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    named = place.rpartition("/")[2]
    told = [(record["status"], record["asynchronousId"], record["callerRequestId"]) for record in records]
    assert told == [(202, named, "mine"), (200, named, "mine")]
