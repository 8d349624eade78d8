"""Orphans: what has a stack's tag in AWS, or is part of what the state has, and is in no state: an interrupted update
made it, and lost it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.exported_state import Client, resources_of
from ops.orphan_parts import lost_parts, removal_of_parts

STACK_TAG = "tensorflow-lambda:stack"
"""The tag that `__main__.py` puts on everything that takes tags; its value is the project and the stack."""

REMOVALS: Mapping[str, str] = {
    r"arn:[^:]+:s3:::(?P<name>.+)": "aws s3 rb s3://{name}",
    r".*:lambda:.*:function:(?P<name>[^:]+)": "aws lambda delete-function --function-name {name}",
    r".*:lambda:.*:event-source-mapping:(?P<name>.+)": "aws lambda delete-event-source-mapping --uuid {name}",
    r".*:elasticloadbalancing:.*:listener-rule/.+": "aws elbv2 delete-rule --rule-arn {arn}",
    r".*:elasticloadbalancing:.*:listener/.+": "aws elbv2 delete-listener --listener-arn {arn}",
    r".*:elasticloadbalancing:.*:loadbalancer/.+": "aws elbv2 delete-load-balancer --load-balancer-arn {arn}",
    r".*:elasticloadbalancing:.*:targetgroup/.+": "aws elbv2 delete-target-group --target-group-arn {arn}",
    r".*:sqs:(?P<region>[^:]+):(?P<account>\d+):(?P<name>.+)": (
        "aws sqs delete-queue --queue-url https://sqs.{region}.amazonaws.com/{account}/{name}"
    ),
    r".*:ecr:.*:repository/(?P<name>.+)": "aws ecr delete-repository --force --repository-name {name}",
    r".*:elasticfilesystem:.*:file-system/(?P<name>.+)": "aws efs delete-file-system --file-system-id {name}",
    r".*:elasticfilesystem:.*:access-point/(?P<name>.+)": "aws efs delete-access-point --access-point-id {name}",
    r".*:s3files:.*/access-point/(?P<name>.+)": "aws s3files delete-access-point --access-point-id {name}",
    r".*:s3files:.*:file-system/(?P<name>[^/]+)": "aws s3files delete-file-system --file-system-id {name}",
    r".*:ec2:.*:vpc-endpoint/(?P<name>.+)": "aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {name}",
    r".*:ec2:.*:subnet/(?P<name>.+)": "aws ec2 delete-subnet --subnet-id {name}",
    r".*:ec2:.*:security-group/(?P<name>.+)": "aws ec2 delete-security-group --group-id {name}",
    r".*:ec2:.*:route-table/(?P<name>.+)": "aws ec2 delete-route-table --route-table-id {name}",
    r".*:ec2:.*:vpc/(?P<name>.+)": "aws ec2 delete-vpc --vpc-id {name}",
    r".*:logs:.*:log-group:(?P<name>[^:]+)(:\*)?": "aws logs delete-log-group --log-group-name {name}",
    r".*:events:.*:rule/(?P<name>.+)": "aws events delete-rule --name {name}",
    r".*:cloudwatch:.*:alarm:(?P<name>.+)": "aws cloudwatch delete-alarms --alarm-names {name}",
    r".*:codedeploy:.*:deploymentgroup:(?P<of>[^/]+)/(?P<name>.+)": (
        "aws deploy delete-deployment-group --application-name {of} --deployment-group-name {name}"
    ),
    r".*:codedeploy:.*:application:(?P<name>.+)": "aws deploy delete-application --application-name {name}",
    r".*:apigateway:.*::/apis/(?P<of>[^/]+)/stages/(?P<name>.+)": (
        "aws apigatewayv2 delete-stage --api-id {of} --stage-name '{name}'"
    ),
    r".*:apigateway:.*::/restapis/(?P<of>[^/]+)/stages/(?P<name>.+)": (
        "aws apigateway delete-stage --rest-api-id {of} --stage-name {name}"
    ),
    r".*:apigateway:.*::/apis/(?P<name>[^/]+)": "aws apigatewayv2 delete-api --api-id {name}",
    r".*:apigateway:.*::/restapis/(?P<name>[^/]+)": "aws apigateway delete-rest-api --rest-api-id {name}",
    r".*:apigateway:.*::/domainnames/(?P<name>[^/]+)": "aws apigatewayv2 delete-domain-name --domain-name {name}",
    r".*:apigateway:.*::/apikeys/(?P<name>[^/]+)": "aws apigateway delete-api-key --api-key {name}",
    r".*:apigateway:.*::/usageplans/(?P<name>[^/]+)": "aws apigateway delete-usage-plan --usage-plan-id {name}",
    r".*:iam:.*:policy/(?P<name>.+)": "aws iam delete-policy --policy-arn {arn}",
    r".*:iam:.*:role/(?P<name>.+)": "aws iam delete-role --role-name {name}",
}
"""The command that removes a thing, by the form of its ARN. It removes no more than this one thing, and AWS refuses it
while the thing is in use."""


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """Something that the stack made and does not own."""

    arn: str
    """Its ARN. Of a part, which has none, what it is in words."""
    commands: Sequence[str]
    """What removes it, in this order. Empty if no command is known, or if it goes with another thing."""


def orphans(state: Mapping[str, Any], client: Client) -> list[Orphan]:
    """What has the tag of the stack with this state, or is part of what the state has, and is not in the state.

    Raises ValueError: the state is of no stack.
    """
    resources = resources_of(state)
    if not resources:
        raise ValueError("the state has no resources; pipe in what `pulumi stack export` prints")
    _, stack, project, *_ = str(resources[0]["urn"]).replace("urn:pulumi:", "::", 1).split("::")
    owned = {text for each in resources for text in (each.get("id"), (each.get("outputs") or {}).get("arn")) if text}
    tagged = {*_tagged(client, f"{project}/{stack}"), *_roles(client, f"{project}/{stack}")}
    found = sorted(tagged, key=lambda arn: (-arn.count("/"), arn))  # what is inside something goes before it
    whole = [Orphan(arn=arn, commands=_removal(arn, client)) for arn in found if not _is_owned(arn, owned)]
    return [*(Orphan(arn=part.what, commands=[part.command]) for part in lost_parts(state, client)), *whole]


def as_text(found: Sequence[Orphan]) -> str:
    """The orphans, each with its commands."""
    if not found:
        return "Everything that has the stack's tag is in its state, with its parts."
    lines: list[str] = []
    for orphan in found:
        lines.append(orphan.arn)
        lines += [f"  {command}" for command in orphan.commands] or ["  no command is known for it"]
    return "\n".join(lines)


def _tagged(client: Client, stack: str) -> Iterator[str]:
    pages = client("resourcegroupstaggingapi").get_paginator("get_resources")
    for page in pages.paginate(TagFilters=[{"Key": STACK_TAG, "Values": [stack]}]):
        yield from (each["ResourceARN"] for each in page["ResourceTagMappingList"])


def _roles(client: Client, stack: str) -> Iterator[str]:
    """Roles, which the tagging API does not find."""
    iam = client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            tags = iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
            if {"Key": STACK_TAG, "Value": stack} in tags:
                yield role["Arn"]


def _is_owned(arn: str, owned: set[str]) -> bool:
    """Whether the state has this ARN, or the id at its end."""
    return arn in owned or arn.removesuffix(":*") in owned or re.split(r"[/:]", arn)[-1] in owned


def _removal(arn: str, client: Client) -> list[str]:
    if ":security-group-rule/" in arn:
        return _revoking(arn.rpartition("/")[2], client)
    for form, command in REMOVALS.items():
        if parts := re.fullmatch(form, arn):
            attached = _detaching(parts["name"], client) if ":role/" in arn else []
            return [*removal_of_parts(arn, client), *attached, command.format(arn=arn, **parts.groupdict())]
    return []


def _revoking(rule: str, client: Client) -> list[str]:
    """What takes a rule off its security group, unless it is gone: AWS forgets tags later than what has them."""
    asked = [{"Name": "security-group-rule-id", "Values": [rule]}]
    found = client("ec2").describe_security_group_rules(Filters=asked)["SecurityGroupRules"]
    return [
        f"aws ec2 revoke-security-group-{'egress' if each['IsEgress'] else 'ingress'} --group-id {each['GroupId']} "
        f"--security-group-rule-ids {rule}"
        for each in found
    ]


def _detaching(role: str, client: Client) -> list[str]:
    """What takes policies off a role that are not its own."""
    attached = client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return [f"aws iam detach-role-policy --role-name {role} --policy-arn {each['PolicyArn']}" for each in attached]
