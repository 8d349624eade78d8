"""The storages that functions see as files: real directories, the real sync function, and models inside the image."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import pytest

from local.api_client import ApiClient
from local.bucket_directory import BucketDirectory
from local.deployment import DeploymentError
from local.publishing import add_version, current_version, publish
from local.shapes import Storage
from local.stack import LocalStack, local_stack
from tests.local.waiting import wait_until

MODEL = "iris"
ONE = {"instances": [[5.1, 3.5, 1.4, 0.2]]}
INFER = {"inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": [5.1, 3.5, 1.4, 0.2]}]}


@pytest.fixture
def deployed(models: Path) -> Iterator[Callable[[Storage], LocalStack]]:
    with ExitStack() as stacks:
        yield lambda storage: stacks.enter_context(local_stack({"storage": storage, "modelRepository": str(models)}))


def sync_function(stack: LocalStack) -> str:
    [name] = [each.name for each in stack.invocations.functions() if each.handler == "handlers.model_sync.handler"]
    return name


def files_of(stack: LocalStack) -> Path:
    [directory] = stack.invocations.function(stack.function_of(MODEL)).mounts.values()
    return directory


@pytest.mark.parametrize("storage", [each for each in get_args(Storage) if each != "image"])
def test_a_published_version_goes_live_without_a_deployment(deployed, models, storage):
    stack = deployed(storage)
    first = current_version(models / MODEL)
    with ApiClient(stack.api_url) as client:

        def answering() -> str:
            status, answer = client.request("POST", f"/v2/models/{MODEL}/infer", INFER)
            assert status == 200, answer
            return answer["model_version"]

        assert answering() == str(first)
        before = client.exchange("POST", f"/v1/models/{MODEL}:predict", json.dumps(ONE))
        add_version(models / MODEL, first, first + 1)
        publish(stack.emulator.client("s3"), stack.deployment.outputs["bucketName"], models / MODEL, first + 1)
        wait_until(lambda: answering() == str(first + 1))
        assert client.exchange("POST", f"/v1/models/{MODEL}:predict", json.dumps(ONE)) == before
        status, _ = client.request("GET", f"/v1/models/{MODEL}/versions/{first}")
        assert status == 404


def test_the_sync_function_fills_the_file_system_in_the_deployment_and_acts_on_what_is_published(deployed, models):
    stack = deployed("efs")
    log = stack.invocations.logs(sync_function(stack))
    assert log.tail(100).count("REPORT RequestId: ") == 1
    first = current_version(models / MODEL)
    assert (files_of(stack) / MODEL / str(first) / "manifest.json").is_file()
    add_version(models / MODEL, first, first + 1)
    publish(stack.emulator.client("s3"), stack.deployment.outputs["bucketName"], models / MODEL, first + 1)
    wait_until(lambda: log.tail(100).count("REPORT RequestId: ") == 3)  # for the manifest, and for the pointer
    pointer = json.loads((files_of(stack) / MODEL / "current.json").read_text())
    assert pointer["version"] == first + 1


def test_a_version_that_is_damaged_in_the_bucket_ends_in_the_dead_letter_queue(deployed, models):
    stack = deployed("efs")
    first = current_version(models / MODEL)
    add_version(models / MODEL, first, first + 1)
    (models / MODEL / str(first + 1) / "model.tflite").write_bytes(b"damaged")
    publish(stack.emulator.client("s3"), stack.deployment.outputs["bucketName"], models / MODEL, first + 1)
    sqs = stack.emulator.client("sqs")
    [queue] = sqs.list_queues()["QueueUrls"]
    received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", [])
    assert received
    letter = json.loads(received[0]["Body"])
    assert letter["requestContext"]["condition"] == "RetriesExhausted"
    assert "model.tflite" in letter["responsePayload"]["errorMessage"]
    with ApiClient(stack.api_url) as client:
        assert client.request("POST", f"/v1/models/{MODEL}:predict", ONE)[0] == 200
        assert client.request("GET", f"/v1/models/{MODEL}/versions/{first}")[0] == 200


def test_a_deployment_whose_first_sync_fails_fails_with_the_reason(models):
    weights = models / MODEL / str(current_version(models / MODEL)) / "model.tflite"
    weights.write_bytes(weights.read_bytes()[::-1])
    with (
        pytest.raises(DeploymentError, match=r"Creating aws:lambda/invocation:Invocation .*SyncFailed.*model\.tflite"),
        local_stack({"storage": "efs", "modelRepository": str(models)}),
    ):
        pass


def test_an_image_keeps_the_models_that_it_was_built_with(deployed, models):
    stack = deployed("image")
    first = current_version(models / MODEL)
    assert stack.invocations.function(stack.function_of(MODEL)).environment["MODEL_STORE_URI"] == "file:///opt/models"
    add_version(models / MODEL, first, first + 1)
    publish(stack.emulator.client("s3"), stack.deployment.outputs["bucketName"], models / MODEL, first + 1)
    stack.invocations.recycle(stack.function_of(MODEL))
    with ApiClient(stack.api_url) as client:
        path = f"/v2/models/{MODEL}/infer"
        wait_until(lambda: client.request("POST", path, INFER)[0] == 200)  # it starts anew
        status, answer = client.request("POST", path, INFER)
        assert (status, answer.get("model_version")) == (200, str(first)), answer


def test_a_directory_shows_what_its_bucket_holds(emulator, tmp_path):
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="shown", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    for key, content in (("models/a/1/f", b"one"), ("models/a/current.json", b"{}"), ("else/b", b"no")):
        s3.put_object(Bucket="shown", Key=key, Body=content)
    root = tmp_path / "root"
    root.mkdir()
    directory = BucketDirectory(s3, "shown", "models/", root)
    directory.refresh()
    shown = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert shown == {"a/1/f": b"one", "a/current.json": b"{}"}
    s3.put_object(Bucket="shown", Key="models/a/1/f", Body=b"two")
    s3.delete_object(Bucket="shown", Key="models/a/current.json")
    directory.refresh()
    assert (root / "a/1/f").read_bytes() == b"two"
    assert not (root / "a/current.json").exists()
