"""The record in the bucket that a deployment leaves: read, absent, or not to be read."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.settings.settings import Settings
from components.stack import left_record
from components.stack.deployment_record import OWN_KEY

GIVEN = Settings(stack_name="prod", model_bucket="of-another-team")
DENIED = "invocation of aws:s3/getObjects:getObjects returned an error:\n  StatusCode: 403, api error AccessDenied"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda message, *_: said.append(str(message)))
    monkeypatch.setattr(left_record, "_outputs", lambda: {"bucketName": "of-the-stack"})
    return said


def refuses(monkeypatch: pytest.MonkeyPatch, function: str, error: str) -> None:
    def fail(**_: Any) -> Any:
        raise Exception(error)

    monkeypatch.setattr(aws.s3, function, fail)


def lists(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    monkeypatch.setattr(
        aws.s3, "get_objects", lambda prefix, **_: SimpleNamespace(keys=[key for key in keys if key.startswith(prefix)])
    )
    monkeypatch.setattr(aws.s3, "get_object", lambda bucket, key: SimpleNamespace(body=f"{bucket}/{key}"))


def test_a_record_is_read_from_the_bucket_that_the_stack_made(monkeypatch: pytest.MonkeyPatch, said: list[str]):
    lists(monkeypatch, OWN_KEY)
    assert left_record.left_record("project", GIVEN) == f"of-the-stack/{OWN_KEY}"
    assert said == []


@pytest.mark.parametrize("function", ["get_objects", "get_object"])
def test_a_record_that_may_not_be_read_is_named_with_what_is_not_checked_and_the_permission(
    monkeypatch: pytest.MonkeyPatch, said: list[str], function: str
):
    lists(monkeypatch, OWN_KEY)
    refuses(monkeypatch, function, DENIED)
    assert left_record.left_record("project", GIVEN) is None
    [line] = said
    assert "\n" not in line
    assert "cannot be read in the bucket of-the-stack, which this change leaves" in line
    assert "it is not said what the change costs" in line
    assert f"grant s3:ListBucket on the bucket and s3:GetObject on deployed/project/prod.json and {OWN_KEY}" in line
    assert line.endswith("api error AccessDenied")


@pytest.mark.parametrize("error", ["StatusCode: 404, api error NoSuchBucket", "couldn't find resource: NotFound"])
def test_a_bucket_or_an_object_that_is_gone_leaves_no_record(
    monkeypatch: pytest.MonkeyPatch, said: list[str], error: str
):
    refuses(monkeypatch, "get_objects", error)
    assert left_record.left_record("project", GIVEN) is None
    assert said == []


def test_a_bucket_that_stays_is_not_asked_here(monkeypatch: pytest.MonkeyPatch, said: list[str]):
    refuses(monkeypatch, "get_objects", DENIED)
    assert left_record.left_record("project", Settings(stack_name="prod", model_bucket="of-the-stack")) is None
    assert said == []
