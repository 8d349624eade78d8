"""Predictions that take longer than the function may."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from handlers.serving import app
from handlers.serving.timed_work import TimedWork, TimeIsUp
from tests.handlers.serving.conftest import Model, Server, half_plus, tensor

ONE = {"instances": [1.0]}
INFER = {"id": "mine", "inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1.0]}]}


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    """Lets the slow model end."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def server(serve: Callable[..., Server], go_on: threading.Event) -> Server:
    def wait(x: np.ndarray) -> dict[str, Any]:
        go_on.wait(30)
        return {"y": x}

    slow = Model({"x": tensor("float32", -1)}, {"y": tensor("float32", -1)}, wait)
    return serve({"slow": slow, "m": half_plus(2)})


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The models for whose sake the environment has ended itself."""
    models: list[str | None] = []
    monkeypatch.setattr(app, "end_environment", lambda record: models.append(record.model))
    return models


@pytest.mark.parametrize(("path", "body"), [("/v1/models/slow:predict", ONE), ("/v2/models/slow/infer", INFER)])
def test_a_prediction_that_takes_too_long_is_answered_before_lambda_ends_it(
    server: Server, capsys: pytest.CaptureFixture[str], path: str, body: Any
) -> None:
    began = time.monotonic()
    answer = server.ask("POST", path, body, milliseconds=750)
    assert time.monotonic() - began < 0.75
    assert answer["statusCode"] == 504
    assert "did not end within 0.5 seconds" in json.loads(answer["body"])["error"]
    record = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (record["status"], record["ServerErrors"], record["Model"], record["version"]) == (504, 1, "slow", 1)


def test_other_requests_are_answered_while_a_prediction_goes_on(server: Server) -> None:
    server.ask("POST", "/v1/models/slow:predict", ONE, milliseconds=600)
    assert server.predict(ONE, "m") == (200, {"predictions": [2.5]})
    assert server.ask("GET", "/v2/health/live")["statusCode"] == 200


def test_the_model_stays_in_memory_until_the_prediction_has_ended(server: Server, go_on: threading.Event) -> None:
    server.ask("POST", "/v1/models/slow:predict", ONE, milliseconds=600)
    slow = server.store.models["slow"][1]
    server.cache.discard(("slow", 1, 0))
    assert slow.closed == 0
    go_on.set()
    for _ in range(500):
        if slow.closed:
            break
        time.sleep(0.01)
    assert slow.closed == 1


def test_an_environment_in_which_two_predictions_do_not_end_ends_itself(
    server: Server, ended: list[str | None]
) -> None:
    server.ask("POST", "/v1/models/slow:predict", ONE, milliseconds=600)
    assert ended == []
    server.ask("POST", "/v1/models/slow:predict", ONE, milliseconds=600)
    assert ended == ["slow"]


def test_an_environment_whose_slow_predictions_end_after_all_goes_on(
    server: Server, go_on: threading.Event, ended: list[str | None]
) -> None:
    server.ask("POST", "/v1/models/slow:predict", ONE, milliseconds=600)
    go_on.set()
    time.sleep(0.1)
    go_on.clear()
    server.ask("POST", "/v1/models/slow:predict", ONE, milliseconds=600)
    assert ended == []


def test_work_raises_what_it_raises() -> None:
    work: TimedWork[None] = TimedWork()

    def fail() -> None:
        raise KeyError("x")

    for _ in range(2):
        with pytest.raises(KeyError, match="x"):
            work.run(fail, 10)


def test_work_runs_in_one_thread_while_it_is_waited_for() -> None:
    work: TimedWork[int] = TimedWork()
    assert len({work.run(threading.get_ident, 10) for _ in range(5)}) == 1


def test_work_that_ends_late_counts_as_unfinished_until_then() -> None:
    work: TimedWork[bool] = TimedWork()
    go_on = threading.Event()
    with pytest.raises(TimeIsUp):
        work.run(lambda: go_on.wait(10), 0.01)
    assert work.unfinished() == 1
    go_on.set()
    time.sleep(0.1)
    assert work.unfinished() == 0


def test_a_version_that_answered_quickly_is_watched_again_when_a_request_is_larger(
    serve: Callable[..., Server], go_on: threading.Event
) -> None:
    threads: list[str] = []

    def wait_for_many(x: np.ndarray) -> dict[str, Any]:
        threads.append(threading.current_thread().name)
        if x.size > 10:
            go_on.wait(30)
        return {"y": x}

    model = Model({"x": tensor("float32", -1)}, {"y": tensor("float32", -1)}, wait_for_many)
    server = serve({"m": model})
    for _ in range(2):
        assert server.predict(ONE, "m") == (200, {"predictions": [1.0]})
    watched, unwatched = threads
    assert unwatched == threading.current_thread().name != watched
    answer = server.ask("POST", "/v1/models/m:predict", {"instances": [1.0] * 100}, milliseconds=750)
    assert answer["statusCode"] == 504
    assert threads[-1] != unwatched


def test_a_version_that_was_quick_is_watched_when_little_time_is_left(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "QUICK_SHARE", 0.0)
    handed = []
    run = server.app._predictions.run
    monkeypatch.setattr(server.app._predictions, "run", lambda work, seconds: handed.append(work) or run(work, seconds))
    for _ in range(2):
        assert server.predict(ONE, "m") == (200, {"predictions": [2.5]})
    assert len(handed) == 2
