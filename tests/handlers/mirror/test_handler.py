"""The sync function as Lambda calls it, and processes that die or run at the same time."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from handlers import model_sync
from handlers.mirror import directory
from handlers.mirror.directory import ASIDE
from tests.handlers.mirror.conftest import PublishedModels
from tests.handlers.mirror.reading import assert_every_version_is_whole, files, served_versions
from tests.paths import PROJECT

RUN_HANDLER = "import json; from handlers import model_sync; print(json.dumps(model_sync.handler({}, None)))"
DIE_IN_THE_MIDDLE = """
import os, signal
from handlers import model_sync
from handlers.mirror import directory, bucket
step = os.environ["DIE_AT"]
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if step == "first file":
    copy = bucket.BucketRepository.copy
    def copy_then_die(*args):
        copy(*args)
        die()
    bucket.BucketRepository.copy = copy_then_die
elif step == "before the version's rename":
    directory.ModelDirectory._set_aside = die
elif step == "before the pointer":
    directory.ModelDirectory.point_to = die
elif step == "inside the pointer's write":
    directory.Path.replace = die
model_sync.handler({}, None)
"""


@pytest.fixture
def environment(bucket: PublishedModels, target: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("MODEL_STORE_URI", bucket.uri)
    monkeypatch.setenv("MODEL_NAMES", "digits,iris")
    monkeypatch.setenv("MODEL_SYNC_TARGET", str(target))
    return {**os.environ, "PYTHONPATH": str(PROJECT)}


def publish(bucket: PublishedModels, version: int, weights: bytes) -> None:
    for model in ("digits", "iris"):
        bucket.version(model, version, {"model.tflite": weights, "words.txt": b"words"})
        bucket.point(model, version)


def test_an_upload_event_mirrors_every_model_of_the_environment(bucket, target, environment):
    publish(bucket, 1, b"weights")
    event = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "models/digits/current.json"}}}]}

    report = model_sync.handler(event, None)

    assert report["failed"] is False
    assert served_versions(target, "digits") == served_versions(target, "iris") == {1}


def test_the_schedule_brings_what_no_event_told_and_reads_no_file_that_is_there(
    bucket, target, environment, monkeypatch
):
    publish(bucket, 1, b"weights")
    model_sync.handler({}, None)
    bucket.version("iris", 2, {"model.tflite": b"second", "words.txt": b"words"})
    bucket.point("iris", 2)
    monkeypatch.setattr(directory, "difference", lambda path, entry: pytest.fail(f"{path} was read"))

    report = model_sync.handler({"reason": "schedule"}, None)

    assert report["models"]["iris"]["copied"] == [2]
    assert served_versions(target, "iris") == {1, 2}


def test_a_failure_is_an_exception_so_that_lambda_retries_and_the_deployment_stops(bucket, environment):
    publish(bucket, 1, b"weights")
    bucket.delete("digits/1/model.tflite")

    with pytest.raises(model_sync.SyncFailed, match="is not there"):
        model_sync.handler({}, None)


def test_a_network_without_a_way_to_s3_is_named_as_the_reason(environment, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.setenv("MODEL_NAMES", "digits")
        with pytest.raises(model_sync.SyncFailed, match="route tables of the function's subnets"):
            model_sync.handler({}, None)


@pytest.mark.parametrize(
    "step", ["first file", "before the version's rename", "before the pointer", "inside the pointer's write"]
)
def test_a_run_killed_half_way_leaves_readers_what_they_had_and_the_next_run_finishes(
    bucket, target, environment, step
):
    publish(bucket, 1, b"first")
    model_sync.handler({}, None)
    publish(bucket, 2, b"second" * 100_000)

    killed = subprocess.run(
        [sys.executable, "-c", DIE_IN_THE_MIDDLE], env={**environment, "DIE_AT": step}, capture_output=True
    )

    assert killed.returncode == -signal.SIGKILL
    assert json.loads(files(target)["digits/current.json"])["version"] == 1
    assert_every_version_is_whole(target)
    model_sync.handler({}, None)
    assert json.loads(files(target)["digits/current.json"])["version"] == 2
    assert not [path for path in target.rglob(".*") if path.name not in (".sync.lock", ASIDE)]
    assert_every_version_is_whole(target)


def test_runs_at_the_same_time_take_turns(bucket, target, environment):
    publish(bucket, 1, b"weights" * 1_000_000)

    runs = [
        subprocess.Popen([sys.executable, "-c", RUN_HANDLER], env=environment, stdout=subprocess.PIPE) for _ in range(3)
    ]
    reports = [json.loads(run.communicate(timeout=120)[0].splitlines()[-1]) for run in runs]

    assert [run.returncode for run in runs] == [0, 0, 0]
    assert sorted(len(report["models"]) for report in reports) == [0, 0, 2]
    (copied,) = [report["models"]["digits"] for report in reports if report["models"]]
    assert (copied["copied"], copied["leftovers_removed"]) == ([1], 0)
    assert_every_version_is_whole(target)
