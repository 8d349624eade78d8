"""What is said of a bucket that was there before the stack: what it lacks, and what would be lost."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.configuration.rules import model_bucket as rules
from components.configuration.rules.model_bucket import FoundBucket
from ops.recorded_aws import GUARDED_BUCKET
from tests.components.configuration.asking import read, refusal
from tests.recorder import ACCOUNT, REGION

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a"
DENIAL: Mapping[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::trained", "arn:aws:s3:::trained/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def encrypted(algorithm: str, **key: str) -> Mapping[str, Any]:
    by_default = {"SSEAlgorithm": algorithm, **key}
    rule = {"ServerSideEncryptionByDefault": by_default}
    return {**GUARDED_BUCKET, "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}


BUCKET = FoundBucket(name="trained", region=REGION, properties=GUARDED_BUCKET, policy=policy(DENIAL))


def said(root: Path, bucket: FoundBucket, rules: Sequence[rules.BucketRule], **values: object) -> list[str]:
    settings = read(root, modelBucket="trained", **values)
    return [str(problem) for rule in rules for problem in rule(settings, bucket)]


def refused(root: Path, bucket: FoundBucket, **values: object) -> str:
    [problem] = said(root, bucket, rules.REFUSED, **values)
    return problem


def advised(root: Path, bucket: FoundBucket, **values: object) -> str:
    assert said(root, bucket, rules.REFUSED, **values) == []
    [problem] = said(root, bucket, rules.ADVISED, **values)
    return problem


@pytest.mark.parametrize("storage", ["s3", "efs", "s3files", "image"])
def test_nothing_is_said_of_a_bucket_like_the_one_that_a_stack_makes(packaged: Path, storage: str):
    assert said(packaged, BUCKET, [*rules.REFUSED, *rules.ADVISED], storage=storage) == []


def test_a_bucket_without_versions_is_named_and_refused_where_it_is_mounted(packaged: Path):
    bare = replace(BUCKET, properties={**GUARDED_BUCKET, "VersioningConfiguration": {"Status": "Suspended"}})
    command = "aws s3api put-bucket-versioning --bucket trained --versioning-configuration Status=Enabled"
    assert advised(packaged, bare).endswith(command)
    assert refused(packaged, bare, storage="s3files").startswith("modelBucket, storage: S3 Files mounts only buckets")


def test_a_bucket_without_encryption_is_named(packaged: Path):
    bare = replace(BUCKET, properties={**GUARDED_BUCKET, "BucketEncryption": {}})
    assert "trained does not encrypt its objects; aws s3api put-bucket-encryption" in advised(packaged, bare)


def test_a_bucket_whose_key_is_not_that_of_the_stack_is_named(packaged: Path):
    assert "modelBucket, kmsKeyArn: the bucket trained" in advised(packaged, BUCKET, kmsKeyArn=KEY)
    same = replace(BUCKET, properties=encrypted("aws:kms", KMSMasterKeyID=KEY))
    keys = {"kmsKeyArn": KEY, "modelBucketKeyArn": KEY}
    assert said(packaged, same, [*rules.REFUSED, *rules.ADVISED], **keys) == []


@pytest.mark.parametrize("key", [KEY, "0a", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/ours"])
def test_a_key_with_which_functions_may_not_decrypt_is_refused_until_it_is_named(packaged: Path, key: str):
    bucket = replace(BUCKET, properties=encrypted("aws:kms", KMSMasterKeyID=key))
    assert f"encrypts its objects with {key}, with which functions may not decrypt" in refused(packaged, bucket)
    assert said(packaged, bucket, rules.REFUSED, modelBucketKeyArn=KEY) == []


def test_another_key_than_the_buckets_is_refused(packaged: Path):
    bucket = replace(BUCKET, properties=encrypted("aws:kms:dsse", KMSMasterKeyID=KEY))
    assert "set modelBucketKeyArn to the ARN" in refused(packaged, bucket, modelBucketKeyArn=KEY.replace("0a", "0b"))


@pytest.mark.parametrize("key", [{}, {"KMSMasterKeyID": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3"}])
def test_the_key_that_aws_manages_needs_no_setting(packaged: Path, key: Mapping[str, str]):
    bucket = replace(BUCKET, properties=encrypted("aws:kms", **key))
    assert said(packaged, bucket, [*rules.REFUSED, *rules.ADVISED]) == []


def test_a_bucket_that_may_be_opened_to_everyone_is_named_with_what_it_does_not_block(packaged: Path):
    blocked = {**GUARDED_BUCKET["PublicAccessBlockConfiguration"], "BlockPublicPolicy": False}
    bucket = replace(BUCKET, properties={**GUARDED_BUCKET, "PublicAccessBlockConfiguration": blocked})
    assert "does not block public access: BlockPublicPolicy; aws s3api" in advised(packaged, bucket)


def test_a_bucket_of_the_stack_s_own_that_may_not_be_read_is_not_given_up(packaged: Path):
    unread = replace(BUCKET, unread={"own-0a": "api error AccessDenied"})
    problem = refused(packaged, unread)
    assert "own-0a would be deleted, and it cannot be read whether trained lacks what was published there" in problem
    assert "grant s3:ListBucket on own-0a" in problem
    assert problem.endswith("AccessDenied")


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/one"}},
        {"Action": "s3:PutObject"},
        {"Resource": "arn:aws:s3:::trained/*"},
        {"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"]},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {}},
    ],
)
def test_a_policy_that_lets_a_request_without_tls_through_is_named(packaged: Path, change: Mapping[str, Any]):
    bucket = replace(BUCKET, policy=policy({**DENIAL, **change}))
    assert "no policy of the bucket trained was found that denies requests without TLS" in advised(packaged, bucket)


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": {"AWS": "*"}},
        {"Action": ["s3:*"]},
        {"Action": "*", "Resource": "*"},
        {"Condition": {"Bool": {"aws:SecureTransport": False}}},
        {"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}},
    ],
)
def test_a_denial_in_other_words_counts(packaged: Path, change: Mapping[str, Any]):
    bucket = replace(BUCKET, policy=policy({"Effect": "Allow"}, {**DENIAL, **change}))
    assert said(packaged, bucket, rules.ADVISED) == []


def test_a_bucket_without_a_policy_is_named(packaged: Path):
    assert "denies requests without TLS" in advised(packaged, replace(BUCKET, policy="{}"))


def test_a_bucket_of_another_region_is_refused(packaged: Path):
    assert f"trained is in us-east-1, but the stack is in {REGION}" in refused(
        packaged, replace(BUCKET, region="us-east-1")
    )


def test_a_bucket_that_notifies_somebody_else_is_refused_for_efs_alone(packaged: Path):
    bucket = replace(BUCKET, notified=["arn:aws:sqs:eu:1:letters"])
    assert "trained notifies arn:aws:sqs:eu:1:letters" in refused(packaged, bucket, storage="efs")
    assert said(packaged, bucket, rules.REFUSED, storage="s3files") == []


def test_a_bucket_that_the_stack_made_is_refused(packaged: Path):
    bucket = replace(BUCKET, own={"trained": frozenset({"models/digits/9/manifest.json"})})
    assert "the stack made trained itself and would delete it" in refused(packaged, bucket)


def test_what_only_the_stacks_own_bucket_has_is_copied_before_that_is_deleted(packaged: Path):
    seeded, published = "models/digits/2/manifest.json", "models/digits/9/manifest.json"
    bucket = replace(BUCKET, own={"made": frozenset({seeded, published, "models/digits/8/half.bin"})})
    lost = refused(packaged, bucket)
    assert "made would be deleted, and trained lacks what was published there: digits/9; copy it first" in lost
    copied = replace(bucket, keys=frozenset({published}))
    assert "deleteModelsOnDestroy: the stack's own bucket made is deleted" in advised(packaged, copied)


def test_a_key_without_a_bucket_is_refused(packaged: Path):
    assert "modelBucketKeyArn, modelBucket: it is the key of modelBucket, which is not set" in refusal(
        packaged, modelBucketKeyArn=KEY
    )


def test_a_key_of_another_region_is_refused(packaged: Path):
    elsewhere = KEY.replace(REGION, "us-east-1")
    assert "modelBucketKeyArn: it is in us-east-1" in refusal(
        packaged, modelBucket="trained", modelBucketKeyArn=elsewhere
    )


@pytest.mark.parametrize("name", ["A", "s3://trained", "trained/models", "arn:aws:s3:::trained"])
def test_what_is_no_name_of_a_bucket_is_refused(packaged: Path, name: str):
    assert f"modelBucket: {name!r} is not valid; allowed is the name of a bucket" in refusal(packaged, modelBucket=name)
