"""IAM documents: every grant of the program is written with these functions."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Statement = Mapping[str, Any]
"""One statement of a policy document; its values may be Outputs."""


def allow(
    actions: Sequence[str],
    resources: Sequence[pulumi.Input[str]],
    *,
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """A statement for an identity's policy."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    if conditions:
        statement["Condition"] = conditions
    return statement


def policy(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """The policy document of these statements."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, *, conditions: Mapping[str, Mapping[str, Any]] | None = None) -> pulumi.Output[str]:
    """The trust policy of a role that an AWS service assumes, such as `lambda.amazonaws.com`."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if conditions:
        statement["Condition"] = conditions
    return policy([statement])
