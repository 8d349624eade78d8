"""IAM documents: the functions that write every grant of the program."""

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


def deny_without_tls(resources: Sequence[pulumi.Input[str]]) -> Statement:
    """A statement for a bucket's policy that denies every request without TLS."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def read_models(bucket_arn: pulumi.Input[str], prefix: str, models: Sequence[str]) -> Sequence[Statement]:
    """Grant reading these models of the model repository under `prefix`, and no others.

    Listing is granted below each model. It finds the model's versions. It also decides how S3 answers a read of a
    missing file: 404 with the grant, 403 without. For such a read, S3 compares the file's key with the condition.
    """
    return [
        allow(["s3:GetObject"], [pulumi.Output.concat(bucket_arn, f"/{prefix}/{model}/*") for model in models]),
        allow(
            ["s3:ListBucket"],
            [bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}/{model}/*" for model in models]}},
        ),
    ]


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
