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


def account_of(arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """The account in an ARN."""
    return pulumi.Output.from_input(arn).apply(lambda text: text.split(":")[4])


def partition_of(arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """The partition in an ARN: `aws`, `aws-cn` or `aws-us-gov`."""
    return pulumi.Output.from_input(arn).apply(lambda text: text.split(":")[1])


def trust(
    service: str, account_id: pulumi.Input[str], *, source_arn: pulumi.Input[str] | None = None
) -> pulumi.Output[str]:
    """The trust policy of a role that an AWS service assumes, such as `lambda.amazonaws.com`.

    The service must act for this account and, where `source_arn` is given, for a resource whose ARN has this pattern.
    """
    conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account_id}}
    if source_arn is not None:
        conditions["ArnLike"] = {"aws:SourceArn": source_arn}
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return policy([{**statement, "Condition": conditions}])


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


def use_key(
    kms_key_arn: pulumi.Input[str],
    service: str,
    actions: Sequence[str] = ("Decrypt",),
    *,
    context: Mapping[str, Sequence[pulumi.Input[str]]] | None = None,
) -> Statement:
    """Grant using a KMS key of the customer where an AWS service asks for it: `s3` for models in a bucket, `lambda` for
    a function's environment. The role itself cannot call KMS.

    `context` is what the service says that it encrypts: patterns by the names of the encryption context.
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    via = pulumi.Output.from_input(kms_key_arn).apply(lambda arn: _endpoint(service, arn))
    conditions: dict[str, Mapping[str, Any]] = {"StringEquals": {"kms:ViaService": via}}
    if context:
        conditions["StringLike"] = {f"kms:EncryptionContext:{name}": [*values] for name, values in context.items()}
    return allow([f"kms:{action}" for action in actions], [kms_key_arn], conditions=conditions)


def _endpoint(service: str, arn: str) -> str:
    """The host name of a service in the region of this ARN."""
    _, partition, _, region, *_ = arn.split(":")
    return f"{service}.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"


def attach_to_networks() -> Sequence[Statement]:
    """Grant what Lambda needs to attach a function to a VPC, and deny the function's own code all of EC2.

    The resource is `*`: describing has no resource level, and a new network interface has no ARN yet. Only requests of
    code in a function carry `lambda:SourceFunctionArn`; those by which Lambda attaches it do not.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    actions = "AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces "
    actions += "DescribeSubnets UnassignPrivateIpAddresses"
    from_code = {"Null": {"lambda:SourceFunctionArn": "false"}}
    return [
        allow([f"ec2:{action}" for action in actions.split()], ["*"]),
        {**allow(["ec2:*"], ["*"], conditions=from_code), "Effect": "Deny"},
    ]
