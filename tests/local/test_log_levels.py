"""Which lines and metrics CloudWatch has of a function whose log level was raised."""

import json
from collections.abc import Callable, Iterator

import pytest

from handlers.contract import METRICS
from local.functions import Function
from local.invocations import Invocations
from local.log_levels import LogLevels
from local.workers import ProcessWorkers
from tests.paths import PROJECT

TIME = "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    ("line", "reached"),
    [
        ({"timestamp": TIME, "level": "ERROR"}, "TRACE DEBUG INFO WARN ERROR"),
        ({"timestamp": TIME, "level": "warn"}, "TRACE DEBUG INFO WARN"),
        ({"timestamp": "2026-11-27T04:17:00+01:00", "level": "DEBUG"}, "TRACE DEBUG"),
        ({"timestamp": TIME}, "TRACE DEBUG INFO"),
        ({"timestamp": TIME, "level": "loud"}, "TRACE DEBUG INFO"),
        ({"timestamp": 1_764_216_000, "level": "ERROR"}, "TRACE DEBUG INFO"),
        ({"level": "ERROR"}, "TRACE DEBUG INFO"),
        (["ERROR"], "TRACE DEBUG INFO"),
    ],
    ids=str,
)
def test_a_line_has_the_level_that_it_says_beside_a_time_and_else_info(line, reached):
    levels = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
    assert [each for each in levels if LogLevels(application=each).admit(json.dumps(line))] == reached.split()


@pytest.mark.parametrize("line", ["plain words", '{"level": "ERROR"', ""])
def test_a_line_that_is_no_json_has_the_level_info(line):
    assert LogLevels(application="INFO").admit(line)
    assert not LogLevels(application="WARN").admit(line)


def test_lambdas_own_lines_have_the_level_info_and_warn_if_something_failed():
    assert [
        LogLevels(system="WARN").admit_of_lambda(line) for line in ("START RequestId: 1", "REPORT RequestId: 1")
    ] == [
        False,
        False,
    ]
    assert LogLevels(system="WARN").admit_of_lambda("REPORT RequestId: 1\tStatus: error\tError Type: Runtime.ExitError")


def test_only_json_logs_are_filtered():
    assert LogLevels.of({"logFormat": "Text", "applicationLogLevel": "ERROR"}) == LogLevels()
    assert LogLevels.of({"logFormat": "JSON"}) == LogLevels(application="INFO", system="INFO")


Run = Callable[[str], list[str]]


@pytest.fixture
def run(guard) -> Iterator[Run]:
    """Calls a function with a log level, which answers one request, and fails another. Gives what is delivered."""
    delivered: list[str] = []
    started: list[Invocations] = []

    def run(level: str) -> list[str]:
        workers = ProcessWorkers(guard, PROJECT, "http://127.0.0.1:9")
        directory = guard.directory("tensorflow-lambda-test-")
        invocations = Invocations(workers, directory, on_line=lambda group, line: delivered.append(line))
        started.append(invocations)
        function = Function(
            name="reporting",
            arn="arn:aws:lambda:eu-central-1:000000000000:function:reporting",
            handler="tests.local.functions.reporting.handler",
            environment={METRICS: "function"},
            timeout_seconds=30,
            memory_mib=256,
            log_levels=LogLevels.of({"logFormat": "JSON", "applicationLogLevel": level, "systemLogLevel": "INFO"}),
        )
        invocations.register(function)
        assert not invocations.invoke("reporting", json.dumps({"statuses": [200, 500]}).encode()).failed
        invocations.stop()  # reads the worker's output to its end
        return delivered

    yield run
    for each in started:
        each.stop()


def counted(lines: list[str], metric: str) -> int:
    records = [json.loads(line) for line in lines if line.startswith("{")]
    return sum(each[metric] for each in records if each["_aws"]["CloudWatchMetrics"])


def test_every_record_is_delivered_at_the_level_of_the_stacks_functions(run):
    lines = run("INFO")
    assert (counted(lines, "Requests"), counted(lines, "ServerErrors")) == (2, 1)
    assert "no JSON" in lines


def test_the_metrics_of_faults_survive_a_raised_level_and_those_of_other_requests_do_not(run):
    lines = run("WARN")
    assert (counted(lines, "Requests"), counted(lines, "ServerErrors")) == (1, 1)
    assert "no JSON" not in lines
    assert any(line.startswith("REPORT ") for line in lines)
