"""Reads IAM policy documents: their statements, and whom and what a statement covers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Statement = Mapping[str, Any]

WITHOUT_RESOURCE_LEVEL: Mapping[str, str] = {
    "cloudwatch:DescribeAlarms": "CloudWatch checks it against every alarm of the region, whatever the request names",
    "ec2:AssignPrivateIpAddresses": "the network interface has no ARN yet when the grant is written",
    "ec2:CreateNetworkInterface": "the network interface has no ARN yet when the grant is written",
    "ec2:DeleteNetworkInterface": "Lambda creates the network interface later, so its ARN is not known yet",
    "ec2:DescribeNetworkInterfaces": "EC2 has no resource level for describing",
    "ec2:DescribeSubnets": "EC2 has no resource level for describing",
    "ec2:UnassignPrivateIpAddresses": "Lambda creates the network interface later, so its ARN is not known yet",
    "events:DescribeRule": "S3 Files searches all rules for its own, and only reads them",
    "events:ListRuleNamesByTarget": "S3 Files searches all rules for its own, and only reads them",
    "events:ListRules": "EventBridge has no resource level for listing rules",
    "events:ListTargetsByRule": "S3 Files searches all rules for its own, and only reads them",
    "xray:PutTelemetryRecords": "X-Ray has no resource level for writing",
    "xray:PutTraceSegments": "X-Ray has no resource level for writing",
}
"""Actions that may be granted on every resource, each with the reason why no narrower grant works.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-prereq-policies.html"""


def statements(document: str | Mapping[str, Any] | None) -> Sequence[Statement]:
    """The statements of a policy document; none if there is no document."""
    if not document:
        return []
    content: Mapping[str, Any] = json.loads(document) if isinstance(document, str) else document
    found: Any = content.get("Statement") or []
    return [found] if isinstance(found, Mapping) else list(found)


def listed(value: str | Sequence[str] | None) -> list[str]:
    """A value as a list; IAM allows one value in place of a list of one."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def allowing(document: str | Mapping[str, Any] | None) -> list[Statement]:
    """The statements that allow something."""
    return [statement for statement in statements(document) if statement.get("Effect") == "Allow"]


def denying(document: str | Mapping[str, Any] | None) -> list[Statement]:
    """The statements that deny something."""
    return [statement for statement in statements(document) if statement.get("Effect") == "Deny"]


def compared(statement: Statement) -> set[str]:
    """The condition keys that a statement compares."""
    return {key for keys in statement.get("Condition", {}).values() for key in keys}


def denies_plain_traffic(document: str | Mapping[str, Any] | None) -> bool:
    """Whether a policy denies every request without TLS."""
    return any(
        statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") in ("false", False)
        and means_everyone(statement.get("Principal"))
        and listed(statement.get("Action"))
        for statement in denying(document)
    )


def is_everything(resource: str) -> bool:
    """Whether a resource of a statement covers a whole account, or every resource of a kind.

    `arn:aws:s3:::models/*` is the content of one bucket; `arn:aws:events:eu-west-1:123456789012:rule/*` is every rule.
    """
    if resource == "*":
        return True
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return False
    account, rest = parts[4], parts[5]
    kind_and_all = rest.replace("/", ":").split(":")
    return rest == "*" or (bool(account) and len(kind_and_all) == 2 and kind_and_all[1] == "*")


def means_everyone(principal: Any) -> bool:
    """Whether a statement's principal is anyone at all."""
    if isinstance(principal, Mapping):
        return any("*" in listed(value) for value in principal.values())
    return principal == "*"
