"""IAM: the functions that write every grant of the program, and the policies of roles that hold them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

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


def grant(
    name: str,
    role: aws.iam.Role,
    policies: Sequence[Sequence[Statement]],
    opts: pulumi.ResourceOptions,
    *,
    replaced: bool = False,
) -> Sequence[pulumi.Resource]:
    """Give a role its policies: an inline policy, and a managed policy for each further group of statements.

    With `replaced`, an update that changes a policy makes another one and deletes the old one last. So what uses the
    role keeps the old grants until it is updated itself, such as a version of a function that still serves.

    Returns what a user of the role must wait for.
    """
    by_replacement = pulumi.ResourceOptions(replace_on_changes=["policy"] if replaced else None)
    inside = pulumi.ResourceOptions.merge(opts, by_replacement)
    made: list[pulumi.Resource] = [aws.iam.RolePolicy(name, role=role.name, policy=policy(policies[0]), opts=inside)]
    for number, statements in enumerate(policies[1:], start=2):
        managed = aws.iam.Policy(f"{name}-{number}", policy=policy(statements), opts=inside)
        made.append(aws.iam.RolePolicyAttachment(f"{name}-{number}", role=role.name, policy_arn=managed.arn, opts=opts))
    return made


def trust(service: str, *, conditions: Mapping[str, Mapping[str, Any]] | None = None) -> pulumi.Output[str]:
    """The trust policy of a role that an AWS service assumes, such as `lambda.amazonaws.com`."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if conditions:
        statement["Condition"] = conditions
    return policy([statement])


def deny_without_tls(resources: Sequence[pulumi.Input[str]]) -> Statement:
    """A statement for a bucket's policy that denies every request without TLS."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def write_logs(log_group_arn: pulumi.Input[str]) -> Statement:
    """Grant writing to this log group. AWS's managed policy would grant all log groups of the account."""
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.Output.concat(log_group_arn, ":*")])


def decrypt(kms_key_arn: pulumi.Input[str]) -> Statement:
    """Grant decrypting with a KMS key of the customer: models in a bucket, a function's environment."""
    return allow(["kms:Decrypt"], [kms_key_arn])


def attach_to_networks() -> Statement:
    """Grant what Lambda needs to attach a function to a VPC.

    The resource is `*`: describing has no resource level, and a new network interface has no ARN yet.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    """
    actions = "AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces "
    actions += "DescribeSubnets UnassignPrivateIpAddresses"
    return allow([f"ec2:{action}" for action in actions.split()], ["*"])
