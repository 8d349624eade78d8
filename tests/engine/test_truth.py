"""What answers is what the bucket's pointer says, in every storage, under Pulumi's own engine."""

import json
import shutil
from pathlib import Path

from local.api_client import ApiClient
from tests.engine.conftest import succeeded


def add_version(model: Path, version: int) -> None:
    """Package a version as a copy of the first one, and make it current."""
    shutil.copytree(model / "1", model / str(version))
    manifest = model / str(version) / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "version": version}))
    point_to(model, version)


def point_to(model: Path, version: int) -> None:
    (model / "current.json").write_text(json.dumps({"version": version, "labels": {}}))


def answering(result) -> str:
    """The version that answers."""
    with ApiClient(result.outputs["apiUrl"]) as client:
        code, document = client.request("GET", "/v1/models/iris")
    assert code == 200, document
    [status] = document["model_version_status"]
    return status["version"]


def published(run, result) -> int:
    """The version that the bucket's pointer names."""
    stored = run.account.client("s3").get_object(Bucket=result.outputs["bucketName"], Key="models/iris/current.json")
    return json.loads(stored["Body"].read())["version"]


def test_a_version_that_went_live_with_an_image_stays_live_in_another_storage(run, settings, models):
    succeeded(run.stack.up({**settings, "storage": "image"}))
    add_version(models / "iris", 2)
    imaged = succeeded(run.stack.up())
    assert (answering(imaged), published(run, imaged)) == ("2", 2)
    assert succeeded(run.stack.up()).quiet
    elsewhere = succeeded(run.stack.up({"storage": "s3"}))
    assert (answering(elsewhere), published(run, elsewhere)) == ("2", 2)


def test_an_image_without_the_version_that_is_live_is_refused_before_anything_changes(run, settings, models):
    made = succeeded(run.stack.up(settings))
    pointer = json.dumps({"version": 2, "labels": {}}).encode()
    s3, bucket = run.account.client("s3"), made.outputs["bucketName"]
    s3.put_object(Bucket=bucket, Key="models/iris/current.json", Body=pointer, ContentType="application/json")
    refused = run.stack.up({"storage": "image"})
    assert not refused.succeeded
    assert any("iris: the image would take back what was published" in error for error in refused.errors)
    point_to(models / "iris", 1)
    back = json.dumps({"version": 1, "labels": {}}).encode()
    s3.put_object(Bucket=bucket, Key="models/iris/current.json", Body=back, ContentType="application/json")
    assert answering(succeeded(run.stack.up())) == "1"
