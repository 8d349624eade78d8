"""Who rings the alarm: what callers cause never counts as ServerErrors, what we cause always does."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from handlers.manifest import Pointer
from handlers.serving.engines import EngineError
from handlers.serving.stores import NotInStore, StoreError
from tests.handlers.serving.conftest import Model, Server, any_shape, echo, half_plus, refusing

Serve = Callable[..., Server]
ONE = {"instances": [1.0]}


def failing() -> Model:
    def fail(**inputs: np.ndarray) -> Any:
        raise EngineError("tensor 7 of subgraph 0 was never allocated")

    return Model({"x": any_shape("float32")}, {"y": any_shape("float32")}, fail)


@pytest.fixture
def server(serve: Serve) -> Server:
    large = half_plus(2)
    large.memory_bytes = 1 << 40
    return serve(
        {"m": half_plus(2), "large": large, "failing": failing(), "refusing": refusing(), "half": echo("float16")}
    )


def counted(
    server: Server, capsys: pytest.CaptureFixture[str], method: str, path: str, body: Any
) -> tuple[int, int, str]:
    """The status of an answer, and what its log record counts."""
    capsys.readouterr()
    status = server.ask(method, path, body)["statusCode"]
    record = json.loads(capsys.readouterr().out.splitlines()[-1])
    return status, record["ServerErrors"], record["level"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/models/m:predict", "{", 400),
        ("/v1/models/m:classify", ONE, 501),
        ("/v1/models/m:regress", ONE, 501),
        ("/v1/models/half:predict", ONE, 400),
        ("/v1/models/half:predict", {"inputs": [1.0]}, 501),
        ("/v1/models/absent:predict", ONE, 404),
        ("/v1/models/m/versions/7:predict", ONE, 404),
        ("/v1/models/m/labels/none:predict", ONE, 400),
        ("/v1/models/refusing:predict", ONE, 400),
        ("/v2/models/m/infer", {"inputs": []}, 400),
        ("/v2/models/m", ONE, 405),
        ("/v1/models/m:predict", {"instances": [0.1234567] * 700_000}, 413),
        ("/nowhere", ONE, 404),
    ],
)
def test_what_a_caller_causes_does_not_count(
    server: Server, capsys: pytest.CaptureFixture[str], path: str, body: Any, status: int
) -> None:
    assert counted(server, capsys, "POST", path, body) == (status, 0, "INFO")


@pytest.mark.parametrize(("path", "status"), [("/v1/models/large:predict", 500), ("/v1/models/failing:predict", 500)])
def test_what_we_cause_counts_whatever_its_status_is(
    server: Server, capsys: pytest.CaptureFixture[str], path: str, status: int
) -> None:
    assert counted(server, capsys, "POST", path, ONE) == (status, 1, "ERROR")


def test_every_line_has_the_timestamp_without_which_lambda_takes_it_for_info(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    server.ask("POST", "/v1/models/failing:predict", ONE)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 2
    for line in lines:
        said = datetime.fromisoformat(line["timestamp"])
        assert said.utcoffset() == timedelta(0)
        assert abs(said.timestamp() - time.time()) < 60


def test_an_engine_that_fails_tells_the_log_and_not_the_caller(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = server.ask("POST", "/v1/models/failing:predict", ONE)
    assert json.loads(answer["body"]) == {"error": "The request failed inside the server. Its id is request-1."}
    assert "tensor 7 of subgraph 0" in json.loads(capsys.readouterr().out.splitlines()[0])["traceback"]


@pytest.mark.parametrize(
    ("broken", "status"), [(NotInStore("no pointer"), 404), (StoreError("the bucket does not answer"), 503)]
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/models/m:predict"), ("GET", "/v1/models/m")])
def test_a_served_model_that_the_store_lacks_counts(
    server: Server, capsys: pytest.CaptureFixture[str], broken: Exception, status: int, method: str, path: str
) -> None:
    server.store.broken = broken
    assert counted(server, capsys, method, path, ONE) == (status, 1, "ERROR")


def test_a_model_that_may_be_published_later_rings_no_alarm_until_it_is(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve({"m": half_plus(2)}, awaited=True)
    later = server.store.models.pop("m")
    for method, path in (
        ("POST", "/v1/models/m:predict"),
        ("GET", "/v1/models/m"),
        ("GET", "/v1/models/m/metadata"),
        ("POST", "/v2/models/m/infer"),
        ("GET", "/v2/models/m/ready"),
    ):
        assert counted(server, capsys, method, path, ONE) == (404, 0, "INFO")
    assert counted(server, capsys, "GET", "/v2/health/ready", None) == (200, 0, "INFO")
    assert server.ask("POST", "/v1/models/m:predict", ONE)["statusCode"] == 404
    assert {json.loads(line)["level"] for line in capsys.readouterr().out.splitlines()} == {"INFO"}
    server.store.models["m"] = later
    server.now[0] += 60
    assert counted(server, capsys, "POST", "/v1/models/m:predict", ONE) == (200, 0, "INFO")
    server.store.broken = StoreError("the bucket does not answer")
    server.now[0] += 3600
    assert counted(server, capsys, "POST", "/v1/models/other:predict", ONE) == (404, 0, "INFO")


def test_a_version_that_the_pointer_names_and_the_store_lacks_counts(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.store.pointers["m"] = Pointer(version=9)
    assert counted(server, capsys, "POST", "/v1/models/m:predict", ONE) == (404, 1, "ERROR")


def test_a_load_that_failed_and_a_model_that_is_not_ready_count(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.failing["m/1"] = EngineError("damaged")
    assert counted(server, capsys, "POST", "/v1/models/m:predict", ONE) == (503, 1, "ERROR")
    assert counted(server, capsys, "GET", "/v2/models/m/ready", None) == (503, 1, "ERROR")
