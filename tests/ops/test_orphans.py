"""`python -m ops orphans`: the commands that remove what a stack lost."""

import io
import json

import pytest

from components.stack import tags
from ops import __main__ as command
from ops import orphans

ARNS = {
    "arn:aws:s3:::inference-models-1a": "aws s3 rb s3://inference-models-1a",
    "arn:aws:lambda:eu-west-1:123456789012:function:inference": "aws lambda delete-function --function-name inference",
    "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-0a": "aws ec2 delete-subnet --subnet-id subnet-0a",
    "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0a": "aws ec2 delete-vpc --vpc-id vpc-0a",
    "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/inference-1a": (
        "aws logs delete-log-group --log-group-name /aws/lambda/inference-1a"
    ),
    "arn:aws:sqs:eu-west-1:123456789012:dead": (
        "aws sqs delete-queue --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/dead"
    ),
    "arn:aws:apigateway:eu-west-1::/apis/abc": "aws apigatewayv2 delete-api --api-id abc",
    "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a": (
        "aws efs delete-file-system --file-system-id fs-0a"
    ),
}
"""ARNs, each with the command that removes what it names."""


class Page:
    def __init__(self, answer: dict[str, object]) -> None:
        self.answer = answer

    def paginate(self, **_: object) -> list[dict[str, object]]:
        return [self.answer]


class Aws:
    """An account in which these things have the tag of the stack, and no roles are."""

    def get_paginator(self, operation: str) -> Page:
        listed = [{"ResourceARN": arn} for arn in ARNS]
        return Page({"ResourceTagMappingList": listed} if operation == "get_resources" else {"Roles": []})


def state(*resources: dict[str, object]) -> dict[str, object]:
    root = {"urn": "urn:pulumi:dev::tensorflow-lambda::pulumi:pulumi:Stack::tensorflow-lambda-dev"}
    return {"version": 3, "deployment": {"resources": [root, *resources]}}


def test_the_program_tags_what_the_command_looks_for():
    assert orphans.STACK_TAG == tags.STACK_TAG


def test_everything_that_is_in_no_state_is_listed_with_its_command():
    found = orphans.orphans(state(), lambda service: Aws())
    assert {orphan.arn: [*orphan.commands] for orphan in found} == {arn: [text] for arn, text in ARNS.items()}
    assert "\n  aws ec2 delete-subnet --subnet-id subnet-0a\n" in orphans.as_text(found)


def test_what_the_state_has_by_its_arn_or_its_id_is_owned():
    owned = [{"id": arn.rpartition("/")[2], "outputs": {"arn": arn}} for arn in ARNS]
    by_id = [{"id": "subnet-0a"}, {"id": "abc"}]
    assert orphans.orphans(state(*owned), lambda service: Aws()) == []
    found = {orphan.arn for orphan in orphans.orphans(state(*by_id), lambda service: Aws())}
    assert (
        not {"arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-0a", "arn:aws:apigateway:eu-west-1::/apis/abc"} & found
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"deployment": {"resources": []}})])
def test_what_is_no_state_is_refused_with_what_to_do(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert command.main(["orphans", "--region", "eu-west-1"]) == 2
    assert "pipe in what `pulumi stack export` prints" in capsys.readouterr().err
