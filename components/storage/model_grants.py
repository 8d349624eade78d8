"""Grants to read models of the bucket, of some by name or of all. A grant is the statements of each policy."""

from collections.abc import Sequence

import pulumi

from components import iam
from components.role_policies import models_by_policy

Policies = Sequence[Sequence[iam.Statement]]
"""The statements of each policy of a role; there is at least one policy."""


def read_models(bucket_arn: pulumi.Input[str], prefix: str, models: Sequence[str] | None) -> Policies:
    """Grant reading these models of the model repository under `prefix`, and no others; for None, all of them.

    Listing is granted below each model. It finds the model's versions. It also decides how S3 answers a read of a
    missing file: 404 with the grant, 403 without. For such a read, S3 compares the file's key with the condition.
    """
    return [
        [
            iam.allow(["s3:GetObject"], _objects(bucket_arn, patterns)),
            iam.allow(["s3:ListBucket"], [bucket_arn], conditions={"StringLike": {"s3:prefix": patterns}}),
        ]
        for patterns in _patterns(prefix, models)
    ]


def read_objects(bucket_arn: pulumi.Input[str], prefix: str, models: Sequence[str] | None) -> Policies:
    """Grant reading the objects of these models in any version, and listing; for None, of all models.

    Before S3 Files' client reads from S3 directly, it asks for a list. If that is denied, it reads through the file
    system from then on, without a word. It knows the file system's prefix, so that this is granted, too.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-prereq-policies.html
    """
    return [
        [
            iam.allow(["s3:GetObject", "s3:GetObjectVersion"], _objects(bucket_arn, patterns)),
            iam.allow(
                ["s3:ListBucket"],
                [bucket_arn],
                conditions={"StringLike": {"s3:prefix": [f"{prefix}/", *patterns]}},
            ),
        ]
        for patterns in _patterns(prefix, models)
    ]


def use_key_of_objects(
    kms_key_arn: pulumi.Input[str] | None, bucket_arn: pulumi.Input[str], actions: Sequence[str] = ("Decrypt",)
) -> Sequence[iam.Statement]:
    """Grant using the key for objects of this bucket; nothing without a key. S3 names the bucket where it has a key for
    the bucket, and else the object. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"""
    if kms_key_arn is None:
        return []
    context = {"aws:s3:arn": [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")]}
    return [iam.use_key(kms_key_arn, "s3", actions, context=context)]


def _patterns(prefix: str, models: Sequence[str] | None) -> Sequence[Sequence[str]]:
    """The patterns of these models' keys, for each policy that grants them."""
    if models is None:
        return [[f"{prefix}/*"]]
    return [[f"{prefix}/{model}/*" for model in group] for group in models_by_policy(prefix, models)]


def _objects(bucket_arn: pulumi.Input[str], patterns: Sequence[str]) -> list[pulumi.Output[str]]:
    return [pulumi.Output.concat(bucket_arn, f"/{pattern}") for pattern in patterns]
