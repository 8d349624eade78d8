"""A bucket that was there before a stack, under Pulumi's own engine: used, looked at, never owned and never deleted."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from local.publishing import add_version, copy_model, current_version, publish
from local.resources.provider import EmulatedProvider
from local.resources.refusals import refused
from local.surroundings import make_surroundings
from tests.engine.conftest import succeeded
from tests.engine.operator import Operator
from tests.engine.test_truth import answering


@pytest.fixture
def bucket(run, models) -> str:
    return make_surroundings(run.account, models).bucket


@pytest.fixture
def given(settings, bucket) -> dict[str, Any]:
    return {**settings, "modelBucket": bucket}


def said(result) -> list[str]:
    """What is said of the bucket."""
    return [line for line in [*result.warnings, *result.errors] if "modelBucket" in line]


def command(line: str) -> str:
    """The command that a line names."""
    return re.split(r"(?=aws s3)", line, maxsplit=1)[1].rstrip(")")


def keys(run, bucket: str) -> set[str]:
    listed = run.account.client("s3").list_objects_v2(Bucket=bucket)
    return {each["Key"] for each in listed.get("Contents", ())}


@contextmanager
def denied_record(bucket: str) -> Iterator[None]:
    """AWS does not let the deployer read a bucket's record."""
    call = EmulatedProvider.call

    def refusing(provider: EmulatedProvider, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        lists = function == "aws:s3/getObjects:getObjects"
        if lists and arguments["bucket"] == bucket and arguments["prefix"] != "models/":
            raise refused("ListObjectsV2", "AccessDenied", "Access Denied")
        return call(provider, function, arguments)

    with patch.object(EmulatedProvider, "call", refusing):
        yield


SHAPES = (
    {"storage": "s3", "mode": "multi"},
    {"storage": "efs", "mode": "single"},
    {"storage": "s3files", "mode": "multi"},
    {"storage": "image", "mode": "single"},
    {"storage": "efs", "mode": "multi"},
)
SAMPLE = SHAPES[:2]


def test_storages_serve_from_the_bucket_and_destroying_the_stack_leaves_it(run, given, bucket, models, whole):
    version = current_version(models / "iris")
    s3 = run.account.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="of/another/team.txt", Body=b"kept")
    for shape in SHAPES if whole else SAMPLE:
        result = succeeded(run.stack.up({**given, **shape}))
        assert answering(result) == str(version), shape
        assert result.outputs["bucketName"] == bucket
        assert succeeded(run.stack.up()).quiet, shape
    assert f"deployed/tensorflow-lambda/{run.stack.name}.json" in keys(run, bucket)
    succeeded(run.stack.destroy())
    assert {key for key in keys(run, bucket) if not key.startswith("models/iris/")} == {"of/another/team.txt"}
    assert {"models/iris/current.json", f"models/iris/{version}/manifest.json"} <= keys(run, bucket)
    assert "LambdaFunctionConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_what_the_bucket_lacks_is_said_with_the_command_that_mends_it(run, given, bucket, tmp_path):
    lacking = said(succeeded(run.stack.preview(given)))
    assert len(lacking) == 3  # S3 encrypts by itself
    operator = Operator(run, tmp_path, {})
    for line in lacking:
        if "TLS" not in line:
            operator.types(command(line))
    [without_tls] = said(succeeded(run.stack.preview()))
    assert "add the statement in docs/operations.md" in without_tls
    arn = f"arn:aws:s3:::{bucket}"
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    denial["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    run.account.client("s3").put_bucket_policy(Bucket=bucket, Policy=document)
    assert said(succeeded(run.stack.preview())) == []


def test_a_bucket_that_is_not_there_is_refused_by_name(run, settings):
    refused = run.stack.preview({**settings, "modelBucket": "nowhere-at-all"})
    assert not refused.succeeded
    assert any("AWS does not show the bucket nowhere-at-all to this account" in error for error in refused.errors)


def test_efs_does_not_take_the_notifications_that_somebody_else_gets(run, given, bucket):
    queue = run.account.client("sqs").create_queue(QueueName="letters")["QueueUrl"]
    attributes = run.account.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    told = [{"QueueArn": attributes["Attributes"]["QueueArn"], "Events": ["s3:ObjectCreated:*"]}]
    s3 = run.account.client("s3")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": told})
    refused = run.stack.preview({**given, "storage": "efs"})
    assert any(f"the bucket {bucket} notifies {told[0]['QueueArn']}" in error for error in refused.errors)
    assert succeeded(run.stack.preview({"storage": "s3"}))
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    succeeded(run.stack.up({"storage": "efs"}))
    [function] = [each for each in run.account.invocations.functions() if "sync" in each.name]
    run.account.client("lambda").delete_function(FunctionName=function.name)
    succeeded(run.stack.refresh())
    succeeded(run.stack.up())
    assert succeeded(run.stack.up()).quiet


def test_a_living_stack_takes_another_bucket_only_when_nothing_that_was_published_is_lost(
    run, settings, models, bucket, tmp_path
):
    kept = {**settings, "deleteModelsOnDestroy": False}
    own = succeeded(run.stack.up(kept)).outputs["bucketName"]
    published = current_version(models / "iris") + 7
    elsewhere = copy_model(models / "iris", "iris", tmp_path / "elsewhere")
    add_version(elsewhere, current_version(elsewhere), published)
    publish(run.account.client("s3"), own, elsewhere, published)

    lost = run.stack.preview({"modelBucket": bucket})
    assert not lost.succeeded
    line = next(each for each in said(lost) if "lacks what was published there" in each).splitlines()[-1]
    assert f"iris/{published}" in line
    Operator(run, tmp_path, {}).types(command(line))
    protected = run.stack.preview()
    assert not protected.succeeded
    assert any("protect" in error for error in protected.errors)
    assert any(f"the stack's own bucket {own} is deleted" in line for line in said(protected))
    assert any("current.json of each model there says which version answers" in line for line in said(protected))
    assert "models/iris/current.json" in keys(run, own)
    succeeded(run.stack.up({"modelBucket": "", "deleteModelsOnDestroy": True}))
    with denied_record(own):
        unread = succeeded(run.stack.preview({"modelBucket": bucket}))
    [line] = [each for each in said(unread) if "cannot be read" in each]
    assert f"cannot be read in the bucket {own}, which this change leaves" in line
    moved = succeeded(run.stack.up())
    assert (moved.outputs["bucketName"], answering(moved)) == (bucket, str(published))
    assert own not in [each["Name"] for each in run.account.client("s3").list_buckets()["Buckets"]]
    assert succeeded(run.stack.up()).quiet
    assert not any("says which version answers" in line for line in said(succeeded(run.stack.preview())))

    [line] = [each for each in said(succeeded(run.stack.preview({"modelBucket": ""}))) if "of its own" in each]
    Operator(run, tmp_path, {}).types(command(line).replace("REPOSITORY", str(models)))
    back = succeeded(run.stack.up())
    assert answering(back) == str(published)
    assert back.outputs["bucketName"] != bucket
    assert f"models/iris/{published}/manifest.json" in keys(run, bucket)
    assert succeeded(run.stack.up()).quiet
