"""What every grant of the program has in common."""

import asyncio
import json
from typing import Any

import pytest

from components import iam
from policy.invariants import breaches

GRANT = "aws:iam/rolePolicy:RolePolicy"


def statement_for(key: str, service: str) -> dict[str, Any]:
    """A grant to use a key, as it is in a policy."""

    async def document() -> str | None:
        return await iam.policy([iam.use_key(key, service)]).future()

    (statement,) = json.loads(asyncio.run(document()) or "")["Statement"]
    return statement


def test_lambda_attaches_a_function_to_a_network_and_the_functions_code_has_nothing_of_ec2():
    allowed, denied = iam.attach_to_networks()

    assert "ec2:CreateNetworkInterface" in allowed["Action"]
    assert denied["Effect"] == "Deny"
    assert denied["Action"] == ["ec2:*"]
    assert denied["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
    assert breaches(GRANT, "grants", {"policy": {"Statement": [allowed, denied]}}) == []


@pytest.mark.parametrize(
    ("key", "service"),
    [
        ("arn:aws:kms:eu-west-1:123456789012:key/1", "s3.eu-west-1.amazonaws.com"),
        ("arn:aws-cn:kms:cn-north-1:123456789012:key/1", "s3.cn-north-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1", "s3.us-gov-west-1.amazonaws.com"),
    ],
)
def test_a_role_uses_a_key_only_through_the_service_in_the_keys_region(key: str, service: str):
    statement = statement_for(key, "s3")

    assert statement["Action"] == ["kms:Decrypt"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": service}}
