"""The runtime client that stands in for AWS's where that has no build: functions cannot tell the two apart."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import workers
from local.functions import PAYLOAD_BYTES, Function
from local.guard import Guard
from local.invocations import Invocations
from local.workers import ProcessWorkers
from tests.paths import PROJECT

BY_THE_ENVIRONMENT = ("START ", "END ", "REPORT ", "INIT_REPORT ")
ONLY_AWS_SAYS = "LAMBDA_WARNING: Unhandled exception"
CHANGING = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}|at 0x[0-9a-f]+|/tmp/\S+")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What callers and the log see of invocations, without times, addresses and what is one process's own."""

    answers: list[Any]
    reports: list[tuple[bool, str | None, bool]]
    """Whether it failed, with which type of error, and whether it was cold."""
    log: list[str]


Run = Callable[..., tuple[Seen, Seen]]


@pytest.fixture
def run(guard: Guard) -> Iterator[Run]:
    """Run a function on events, one after the other, under AWS's client and under ours."""
    started: list[Invocations] = []

    def run(handler: str, events: list[bytes], root: Path = PROJECT) -> tuple[Seen, Seen]:
        aws, ours = ProcessWorkers(guard, root, "http://127.0.0.1:9"), ProcessWorkers(guard, root, "http://127.0.0.1:9")
        ours.stands_in = True
        function = Function(name="house", arn="arn:house", handler=handler, timeout_seconds=2, memory_mib=128)
        for each in (aws, ours):
            started.append(Invocations(each, guard.directory("tensorflow-lambda-test-")))
            started[-1].register(function)
        return see(started[-2], events), see(started[-1], events)

    yield run
    for each in started:
        each.stop()


def see(invocations: Invocations, events: list[bytes]) -> Seen:
    outcomes = [
        invocations.invoke("house", event, f"request-{number}", "Root=1-0-0") for number, event in enumerate(events)
    ]
    invocations.recycle("house")  # the log is whole when the worker has ended
    lines = invocations.logs("house").tail(2000).splitlines()
    return Seen(
        answers=[without_places(outcome.payload) for outcome in outcomes],
        reports=[(outcome.failed, outcome.report.error_type, outcome.report.cold) for outcome in outcomes],
        log=[
            CHANGING.sub("…", line)
            for line in lines
            if not line.startswith(BY_THE_ENVIRONMENT) and ONLY_AWS_SAYS not in line
        ],
    )


def without_places(payload: bytes) -> Any:
    try:
        answer = json.loads(payload)
    except ValueError:
        return payload
    if isinstance(answer, dict):
        for name in ("pid", "child", "tmp", "tmp_before", "remaining_ms", "log_stream", "log_stream_name"):
            answer.pop(name, None)
    return answer


EVENTS = {
    "tests.local.functions.echo.handler": [
        {"a": [1, "ä"]}, None, "text", 1e300, 2**70, [[[[]]]], "\ud83d\ude00",
    ],
    "tests.local.functions.misbehaving.handler": [
        {}, {"raise": "no such thing"}, {"raise": ""}, {"raise": "two\n  lines"}, {"exit": 3}, {"exit": 0},
        {"die": True}, {"hang": True}, {"answer_bytes": 100}, {"child": True},
    ],
    "tests.local.functions.answers.handler": [
        "bytes", "text", "no JSON", "circle", "log", "exit", "cause", "unknown", {"instances": [[0.1, 1e-7, 3]]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("handler", "event"),
    [
        pytest.param(handler, json.dumps(event).encode(), id=f"{handler.split('.')[-2]}: {str(event)[:30]}")
        for handler, events in EVENTS.items()
        for event in events
    ],
)
def test_answers_errors_and_logs_are_the_same(run, handler, event):
    aws, ours = run(handler, [event, event])
    assert ours == aws


@pytest.mark.parametrize("module", ["bad_init.handler", "absent.handler", "echo.nothing"])
def test_a_handler_that_cannot_be_loaded_is_reported_the_same(run, module):
    aws, ours = run(f"tests.local.functions.{module}", [b"{}"])
    assert ours == aws
    assert [error_type for _, error_type, _ in aws.reports] == ["Runtime.InitError"]


def test_a_handler_without_a_module_is_reported_the_same_but_for_the_reason(run):
    both = [seen.answers[0] for seen in run("handler", [b"{}"])]
    assert [answer.pop("errorMessage").partition(":")[0] for answer in both] == ["Bad handler 'handler'"] * 2
    assert both[0] == both[1]


@pytest.mark.parametrize(
    "source", ["def handler(event, context:", "import absent", "import sys; sys.exit(5)", "import os; os._exit(6)"]
)
def test_a_module_that_does_not_run_is_reported_the_same(run, tmp_path, source):
    (tmp_path / "house.py").write_text(source)
    aws, ours = run("house.handler", [b"{}"], tmp_path)
    assert ours == aws
    assert aws.reports[0][0]


@pytest.mark.parametrize(
    "event", [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b"[" * 100_000], ids=lambda event: event[:9]
)
def test_an_event_that_is_no_json_is_refused_the_same_but_for_the_reason(run, event):
    aws, ours = run("tests.local.functions.echo.handler", [event])
    assert ours.reports == aws.reports
    for (answer,) in (aws.answers, ours.answers):
        assert answer["errorType"] == "Runtime.UnmarshalError"
        assert answer["errorMessage"].startswith("Unable to unmarshal input: ")


def test_an_answer_that_is_too_large_is_refused_the_same(run):
    event = json.dumps({"answer_bytes": PAYLOAD_BYTES + 1}).encode()
    aws, ours = run("tests.local.functions.misbehaving.handler", [event, b"{}"])
    assert (ours.answers, ours.reports) == (aws.answers, aws.reports)
    assert [failed for failed, _, _ in aws.reports] == [True, False]


def test_numbers_are_written_with_the_same_value(run):
    aws, ours = run("tests.local.functions.answers.handler", [b'"numbers"'])
    assert repr(ours.answers) == repr(aws.answers)  # NaN is not equal to itself


def test_the_context_has_the_same_attributes(run):
    aws, ours = (seen.answers[0] for seen in run("tests.local.functions.answers.handler", [b'"context"']))
    assert aws.pop("identity").startswith("CognitoIdentity(")
    assert ours.pop("identity").startswith("namespace(")
    assert ours == aws


def test_ours_is_started_only_where_aws_has_none(guard, monkeypatch):
    assert not ProcessWorkers(guard, PROJECT, "http://127.0.0.1:9").stands_in
    monkeypatch.setattr(workers, "find_spec", lambda name: None)
    assert ProcessWorkers(guard, PROJECT, "http://127.0.0.1:9").stands_in
