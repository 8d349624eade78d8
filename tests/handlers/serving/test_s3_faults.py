"""Faults of S3 while a new version goes live: callers get the version before, in time, and the new one afterwards.

Without a version before, they get a 503 that says when to ask again.
"""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from handlers.contract import MODEL_NAMES, MODEL_STORE_URI
from handlers.serving.app import App
from handlers.serving.start import open_app
from tests.handlers.s3_server import BUCKET, Fault, S3Server
from tests.handlers.serving.conftest import Context

OBJECTS = ("current.json", "2/manifest.json", "2/model.tflite")
FAULTS = [(fault, end) for fault in get_args(Fault) for end in OBJECTS]
WITHDRAWN = ("absent", "current.json")
"""A pointer that is not there is how a model is withdrawn."""

CALLERS_SECONDS = 6.0
"""How long any answer may take while a version before is in memory: less than the 8 seconds after which the store gives
up on a slow document."""


class Published:
    """Versions of the model iris in the S3 server, which differ in their numbers alone."""

    def __init__(self, s3: S3Server, repository: Path, root: Path) -> None:
        self._s3, self._root = s3, root
        shutil.copytree(repository / "iris" / "1", root / "iris" / "1")
        self.publish(1)

    def publish(self, version: int) -> None:
        source, copy = self._root / "iris" / "1", self._root / "iris" / str(version)
        copy.mkdir(exist_ok=True)
        for name in ("model.tflite", "manifest.json"):
            if version != 1:
                shutil.copyfile(source / name, copy / name)
        manifest = json.loads((copy / "manifest.json").read_text())
        (copy / "manifest.json").write_text(json.dumps(manifest | {"version": version}))
        (self._root / "iris" / "current.json").write_text(json.dumps({"version": version}))
        files = (path for path in self._root.rglob("*") if path.is_file())
        self._s3.put("models", {path.relative_to(self._root).as_posix(): path.read_bytes() for path in files})


@pytest.fixture
def published(s3: S3Server, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("handlers.serving.published.POINTER_SECONDS", 0)
    monkeypatch.setattr("handlers.serving.repository.PATIENCE_SECONDS", 0.5)
    return Published(s3, repository, tmp_path / "published")


@pytest.fixture
def served(published: Published) -> Iterator[App]:
    """A function that has not been asked yet."""
    app = open_app({MODEL_STORE_URI: f"s3://{BUCKET}/models", MODEL_NAMES: "iris"})
    yield app
    app.repository.restored()  # closes the connections


def ask(app: App, milliseconds: int = 29_000) -> dict[str, Any]:
    features = {"name": "features", "datatype": "FP32", "shape": [1, 4], "data": [5.1, 3.5, 1.4, 0.2]}
    event = {
        "rawPath": "/v2/models/iris/infer",
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": json.dumps({"inputs": [features]}),
    }
    return app.handle(event, Context(milliseconds=milliseconds))


def version_of(answer: dict[str, Any]) -> int:
    assert answer["statusCode"] == 200, answer
    return int(json.loads(answer["body"])["model_version"])


@pytest.mark.parametrize(("fault", "end"), [each for each in FAULTS if each != WITHDRAWN])
def test_while_a_version_before_is_there_no_fault_reaches_a_caller_and_the_new_one_answers_afterwards(
    published: Published, served: App, s3: S3Server, fault: Fault, end: str
) -> None:
    assert version_of(ask(served)) == 1
    s3.faults = {end: fault}
    published.publish(2)
    for _ in range(3):
        began = time.monotonic()
        assert version_of(ask(served)) == 1
        assert time.monotonic() - began < CALLERS_SECONDS
    s3.faults = {}
    s3.over.set()
    until = time.monotonic() + 30
    while version_of(ask(served)) != 2:
        assert time.monotonic() < until, "the new version does not answer"
        time.sleep(0.2)


@pytest.mark.parametrize(("fault", "end"), [each for each in FAULTS if each[0] != "absent"])
def test_without_a_version_before_a_fault_is_a_503_that_says_when_to_ask_again(
    published: Published, served: App, s3: S3Server, fault: Fault, end: str
) -> None:
    published.publish(2)
    s3.faults = {end: fault}
    answer = ask(served, milliseconds=3000)
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["retry-after"]) >= 1
    assert "error" in json.loads(answer["body"])
    s3.faults = {}
    s3.over.set()
    until = time.monotonic() + 30
    while (answer := ask(served))["statusCode"] != 200:
        assert time.monotonic() < until, "the version does not answer"
        time.sleep(0.2)
    assert version_of(answer) == 2


def test_a_large_version_that_takes_long_to_come_does_not_keep_callers_waiting(
    published: Published, served: App, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.serving.repository.PATIENCE_SECONDS", 0.2)
    assert version_of(ask(served)) == 1
    s3.faults = {"2/model.tflite": "slow"}
    published.publish(2)
    times = []
    for _ in range(5):
        began = time.monotonic()
        assert version_of(ask(served)) == 1
        times.append(time.monotonic() - began)
    assert max(times) < 1.0
    s3.faults = {}
    s3.over.set()
    until = time.monotonic() + 30
    while version_of(ask(served)) != 2:
        assert time.monotonic() < until
    before = time.monotonic()
    assert version_of(ask(served)) == 2
    assert time.monotonic() - before < 0.5
