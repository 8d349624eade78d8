"""What answers is what the bucket's pointer says, in every storage, under Pulumi's own engine."""

import json

from handlers.manifest import Pointer
from local.api_client import ApiClient
from local.publishing import add_version, current_version, point
from tests.engine.conftest import succeeded


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
    iris = models / "iris"
    succeeded(run.stack.up({**settings, "storage": "image"}))
    newest = current_version(iris) + 1
    add_version(iris, current_version(iris), newest)
    point(iris, newest)
    imaged = succeeded(run.stack.up())
    assert (answering(imaged), published(run, imaged)) == (str(newest), newest)
    assert succeeded(run.stack.up()).quiet
    elsewhere = succeeded(run.stack.up({"storage": "s3"}))
    assert (answering(elsewhere), published(run, elsewhere)) == (str(newest), newest)


def test_an_image_without_the_version_that_is_live_is_refused_before_a_function_changes(run, settings, models):
    made = succeeded(run.stack.up(settings))
    packaged = current_version(models / "iris")

    def publish(version: int) -> None:
        run.account.client("s3").put_object(
            Bucket=made.outputs["bucketName"],
            Key="models/iris/current.json",
            Body=Pointer(version=version).to_json().encode(),
            ContentType="application/json",
        )

    publish(packaged + 1)
    refused = run.stack.up({"storage": "image"})
    assert not refused.succeeded
    assert any("iris: the image would take back what was published" in error for error in refused.errors)
    assert not [step for step in refused.steps if step.pulumi_type.startswith("aws:lambda/f")]
    publish(packaged)
    assert answering(succeeded(run.stack.up())) == str(packaged)
