"""Environments that were made long before their first request, under AWS's own runtime client: a snapshot that is
restored, and an environment that provisioned concurrency kept ready. The first answer of each is the present version's.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.contract import MODEL_NAMES, MODEL_STORE_URI
from local.http_server import JsonHandler
from local.runtime_api import RUNTIME, Answered, Event, Invocation, Ready, RuntimeApi
from tests.handlers.s3_server import BUCKET, S3Server
from tests.handlers.versions import two_versions
from tests.paths import PROJECT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric is built for Linux only")

SECONDS = 60


class Restoring(RuntimeApi):
    """A Runtime API that lets an environment wait for its restore, as it does from the snapshot on."""

    def __init__(self) -> None:
        self.waits, self.restore = threading.Event(), threading.Event()
        super().__init__()

    def _get(self, request: JsonHandler) -> None:
        if request.path == f"{RUNTIME}/restore/next":
            self.waits.set()
            self.restore.wait(SECONDS)
        super()._get(request)


class Environment:
    """One environment of a function that serves the model iris."""

    def __init__(self, uri: str, kind: str, scratch: Path) -> None:
        self.api = Restoring()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "handlers.single_model.handler"],
            cwd=PROJECT,
            env={
                **os.environ,
                **{MODEL_STORE_URI: uri, MODEL_NAMES: "iris", "AWS_LAMBDA_INITIALIZATION_TYPE": kind},
                "AWS_LAMBDA_RUNTIME_API": self.api.address,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
                "PYTHONPATH": str(PROJECT),
                "TMPDIR": str(scratch),
            },
            stdout=subprocess.DEVNULL,
        )

    def freeze(self) -> None:
        """Stop every thread of it, as a snapshot does."""
        assert self.api.waits.wait(SECONDS)
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)
        self.api.restore.set()

    def await_ready(self) -> None:
        assert isinstance(self._event(), Ready)

    def version(self) -> str:
        """The version that answers the next request."""
        features = {"name": "features", "datatype": "FP32", "shape": [1, 4], "data": [5.1, 3.5, 1.4, 0.2]}
        event: dict[str, Any] = {
            "rawPath": "/v2/models/iris/infer",
            "requestContext": {"http": {"method": "POST"}},
            "body": json.dumps({"inputs": [features]}),
        }
        self.api.hand_out(
            Invocation(
                request_id="request-1",
                event=json.dumps(event).encode(),
                deadline_ms=int((time.time() + SECONDS) * 1000),
                function_arn="arn:aws:lambda:eu-central-1:000000000000:function:iris",
                trace_id="Root=1",
            )
        )
        answered = self._event()
        assert isinstance(answered, Answered)
        return json.loads(json.loads(answered.payload)["body"])["model_version"]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self.api.stop()

    def _event(self) -> Event:
        try:
            return self.api.events.get(timeout=SECONDS)
        except queue.Empty:
            raise AssertionError("the environment did nothing") from None


class Bucket:
    """Two versions of a model, which differ in their numbers alone, in a bucket or a directory."""

    def __init__(self, kind: str, repository: Path, root: Path, s3: S3Server) -> None:
        self.uri = f"s3://{BUCKET}/models" if kind == "s3" else root.as_uri()
        self._root, self._s3 = root, s3
        two_versions(repository, root)
        self.point(1)

    def point(self, version: int) -> None:
        (self._root / "iris" / "current.json").write_text(json.dumps({"version": version, "labels": {}}))
        files = (path for path in self._root.rglob("*") if path.is_file())
        self._s3.put("models", {path.relative_to(self._root).as_posix(): path.read_bytes() for path in files})

    def damage(self, version: int) -> None:
        (self._root / "iris" / str(version) / "model.tflite").write_bytes(b"no model")
        self.point(version)


@pytest.fixture(params=["s3", "directory"])
def bucket(request: pytest.FixtureRequest, repository: Path, tmp_path: Path, s3: S3Server) -> Bucket:
    return Bucket(request.param, repository, tmp_path / "published", s3)


@pytest.fixture
def started(bucket: Bucket, tmp_path: Path) -> Iterator[Any]:
    running: list[Environment] = []

    def start(kind: str) -> Environment:
        running.append(Environment(bucket.uri, kind, tmp_path))
        return running[-1]

    yield start
    for environment in running:
        environment.stop()


def test_a_restored_snapshot_answers_its_first_request_with_the_version_of_today(bucket: Bucket, started: Any) -> None:
    environment = started("snap-start")
    environment.freeze()
    bucket.point(2)
    environment.thaw()
    environment.await_ready()
    assert environment.version() == "2"


def test_a_restored_snapshot_goes_on_with_its_own_version_where_the_new_one_is_damaged(
    bucket: Bucket, started: Any
) -> None:
    environment = started("snap-start")
    environment.freeze()
    bucket.damage(2)
    environment.thaw()
    environment.await_ready()
    assert [environment.version() for _ in range(3)] == ["1"] * 3


def test_an_environment_that_was_kept_ready_answers_its_first_request_with_the_version_of_today(
    bucket: Bucket, started: Any
) -> None:
    environment = started("provisioned-concurrency")
    environment.await_ready()
    bucket.point(2)
    time.sleep(5.1)
    assert environment.version() == "2"
