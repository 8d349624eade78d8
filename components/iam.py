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


def deny_without_tls(resources: Sequence[pulumi.Input[str]]) -> Statement:
    """A statement for a bucket's policy: nobody, whoever they are, without TLS."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def read_models(bucket_arn: pulumi.Input[str], prefix: str, models: Sequence[str]) -> Sequence[Statement]:
    """Reading these models of the model repository under `prefix`, and no others.

    Listing is granted too, below each model alone. It finds a model's versions, and it is what tells a file that is
    missing from one that is forbidden: S3 answers a read of either with 403 to whoever may not list. It takes the key
    that is read for the prefix, so that the condition holds for a read as well.
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
    """Writing to a log group that is there already; AWS's managed policy would grant every log group of the account."""
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.Output.concat(log_group_arn, ":*")])


def decrypt(kms_key_arn: pulumi.Input[str]) -> Statement:
    """Reading what a key of one's own encrypts: models in a bucket, a function's environment."""
    return allow(["kms:Decrypt"], [kms_key_arn])


def attach_to_networks() -> Statement:
    """What the Lambda service needs of a function's role to attach the function to a VPC.

    `*` because describing has no resource level, and the interfaces have no ARN yet that could be named.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    """
    actions = "AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces "
    actions += "DescribeSubnets UnassignPrivateIpAddresses"
    return allow([f"ec2:{action}" for action in actions.split()], ["*"])
