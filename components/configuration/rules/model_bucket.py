"""Rules about a bucket that was there before: what it lacks, and what would be lost. Imports no Pulumi."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.configuration.problem import Problem
from components.configuration.rules.policy_documents import listed
from components.settings.settings import Settings
from components.settings.storage_settings import BUCKET_PREFIX
from handlers.manifest import MANIFEST_FILE

KEY = "modelBucket"
OF_S3 = "alias/aws/s3"
"""A key that AWS manages for S3. Whoever may read an object may decrypt it."""

PUBLIC_ACCESS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@dataclass(frozen=True, kw_only=True)
class FoundBucket:
    """The bucket that `modelBucket` names, as AWS describes it."""

    name: str
    region: str
    properties: Mapping[str, Any]
    """As CloudFormation words them. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html"""
    policy: str = "{}"
    """A policy document."""
    notified: Sequence[str] = ()
    """What the bucket notifies of its events, besides this stack."""
    own: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """The buckets that this stack made itself, each with the keys of its models."""
    unread: Mapping[str, str] = field(default_factory=dict[str, str])
    """Those of them that AWS does not let whoever deploys read, each with what AWS says."""
    keys: frozenset[str] = frozenset()
    """The keys of its models, if the stack has a bucket of its own."""
    unread_itself: str = ""
    """What AWS says where whoever deploys may not read those."""


BucketRule = Callable[[Settings, FoundBucket], Iterator[Problem]]
"""Yields a problem for each mistake, or for each thing that the bucket lacks."""


def it_is_in_the_region_of_the_stack(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """A bucket notifies functions of its own region, and S3 Files mounts buckets of its own region."""
    if settings.region and bucket.region != settings.region:
        yield _problem(
            f"the bucket {bucket.name} is in {bucket.region}, but the stack is in {settings.region}; name one in "
            f"{settings.region}"
        )


def it_is_not_one_that_the_stack_made(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """Such a bucket would be deleted, because the stack would no longer make it."""
    if bucket.name in {*bucket.own, *bucket.unread}:
        yield _problem(f"the stack made {bucket.name} itself and would delete it; leave modelBucket out")


def it_has_what_would_be_deleted(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """The stack's own bucket is deleted when another one takes its place."""
    seeded = {
        f"{BUCKET_PREFIX}/{model.name}/{version}/{MANIFEST_FILE}"
        for model in settings.packaged
        for version in model.versions
    }
    for own, said in bucket.unread.items():
        if own != bucket.name:
            yield _problem(
                f"the stack's own bucket {own} would be deleted, and it cannot be read whether {bucket.name} lacks "
                f"what was published there; grant s3:ListBucket on {own} to whoever deploys. AWS says: {said}"
            )
    for own, keys in _left(bucket):
        manifests = {key for key in keys if key.endswith(f"/{MANIFEST_FILE}")}
        if bucket.unread_itself and manifests:
            yield _problem(
                f"the stack's own bucket {own} would be deleted, and it cannot be read whether {bucket.name} lacks "
                f"what was published there; grant s3:ListBucket on {bucket.name} to whoever deploys. AWS says: "
                f"{bucket.unread_itself}"
            )
        elif lost := sorted(manifests - bucket.keys - seeded):
            versions = ", ".join(key.removeprefix(f"{BUCKET_PREFIX}/").rpartition("/")[0] for key in lost)
            yield _problem(
                f"the stack's own bucket {own} would be deleted, and {bucket.name} lacks what was published there: "
                f"{versions}; copy it first (aws s3 sync s3://{own}/{BUCKET_PREFIX} s3://{bucket.name}/{BUCKET_PREFIX})"
            )


def it_may_be_decrypted(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """Functions are granted one key, and S3 encrypts new objects with the bucket's."""
    key, named = _default_key(bucket), settings.model_bucket_key_arn
    if key is None or key.endswith(OF_S3):
        return
    if named is None or (":alias/" not in key and named.rpartition("/")[2] != key.rpartition("/")[2]):
        yield _problem(
            f"the bucket {bucket.name} encrypts its objects with {key}, with which functions may not decrypt; set "
            f"modelBucketKeyArn to the ARN of that key",
            "modelBucketKeyArn",
        )


def it_is_versioned_where_it_is_mounted(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-prereq-policies.html"""
    if settings.uses("s3files"):
        for lack in it_is_versioned(settings, bucket):
            yield _problem(f"S3 Files mounts only buckets that keep versions; {lack.message}", "storage")


def it_notifies_nobody_else(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """S3 has one notification configuration for a bucket, and whoever sets it replaces the whole."""
    if settings.uses("efs") and bucket.notified:
        yield _problem(
            f"the bucket {bucket.name} notifies {', '.join(bucket.notified)}, and efs would replace that by its "
            f"own notifications; set storage to s3, s3files or image, or name a bucket that notifies nobody else",
            "storage",
        )


def it_is_versioned(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """What is overwritten or deleted can be brought back."""
    if bucket.properties.get("VersioningConfiguration", {}).get("Status") != "Enabled":
        yield _problem(
            f"the bucket {bucket.name} keeps no versions, so that nothing brings back what is overwritten or deleted; "
            f"aws s3api put-bucket-versioning --bucket {bucket.name} --versioning-configuration Status=Enabled"
        )


def it_is_encrypted(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """By a key of S3, or by the one that the stack encrypts everything else with."""
    command = f"aws s3api put-bucket-encryption --bucket {bucket.name} --server-side-encryption-configuration"
    if not _encryption(bucket):
        yield _problem(f"the bucket {bucket.name} does not encrypt its objects; {command} {_by_default('AES256')}")
    elif settings.kms_key_arn and settings.kms_key_arn != _default_key(bucket):
        with_key = _by_default("aws:kms", KMSMasterKeyID=settings.kms_key_arn)
        yield _problem(
            f"the bucket {bucket.name} does not encrypt its objects with kmsKeyArn as the rest of the stack; keep it, "
            f"or {command} {with_key}, then set modelBucketKeyArn to the same key",
            "kmsKeyArn",
        )


def it_is_private(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """No policy or access list can open it to everyone."""
    blocked = bucket.properties.get("PublicAccessBlockConfiguration", {})
    if lacking := [each for each in PUBLIC_ACCESS if not blocked.get(each)]:
        whole = ",".join(f"{each}=true" for each in PUBLIC_ACCESS)
        yield _problem(
            f"the bucket {bucket.name} does not block public access: {', '.join(lacking)}; aws s3api "
            f"put-public-access-block --bucket {bucket.name} --public-access-block-configuration {whole}"
        )


def it_refuses_requests_without_tls(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """A denial of everything, for everybody, of the bucket and of its objects."""
    statements = json.loads(bucket.policy).get("Statement", [])
    if not any(_denies_without_tls(each, bucket.name) for each in listed(statements)):
        yield _problem(
            f"no policy of the bucket {bucket.name} was found that denies requests without TLS; add the statement in "
            f"docs/operations.md to it (aws s3api put-bucket-policy)"
        )


def the_own_bucket_ends(settings: Settings, bucket: FoundBucket) -> Iterator[Problem]:
    """It is protected, unless deleteModelsOnDestroy says otherwise."""
    for own, _ in _left(bucket):
        yield _problem(
            f"the stack's own bucket {own} is deleted once functions read {bucket.name}; Pulumi refuses that while "
            f"the bucket is protected: set deleteModelsOnDestroy to true and run `pulumi up` before this change",
            "deleteModelsOnDestroy",
        )


def _left(bucket: FoundBucket) -> list[tuple[str, frozenset[str]]]:
    return [(own, keys) for own, keys in bucket.own.items() if own != bucket.name]


def _encryption(bucket: FoundBucket) -> Mapping[str, Any]:
    rules = bucket.properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration") or [{}]
    return rules[0].get("ServerSideEncryptionByDefault", {})


def _default_key(bucket: FoundBucket) -> str | None:
    """The KMS key that encrypts new objects, as its ARN, its id or an alias; None for keys of S3."""
    found = _encryption(bucket)
    return found.get("KMSMasterKeyID", OF_S3) if str(found.get("SSEAlgorithm", "")).startswith("aws:kms") else None


def _by_default(algorithm: str, **more: str) -> str:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm, **more}}
    return f"'{json.dumps({'Rules': [rule]})}'"


def _denies_without_tls(statement: Mapping[str, Any], bucket: str) -> bool:
    everybody = listed(statement.get("Principal"))
    secure = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    covered = {each.rpartition(":::")[2] for each in listed(statement.get("Resource"))}
    return (
        statement.get("Effect") == "Deny"
        and ("*" in everybody or {"AWS": "*"} in everybody)
        and bool({"*", "s3:*"} & set(listed(statement.get("Action"))))
        and [str(each).lower() for each in listed(secure)] == ["false"]
        and ("*" in covered or {bucket, f"{bucket}/*"} <= covered)
    )


def _problem(message: str, *other: str) -> Problem:
    return Problem(keys=(KEY, *other), message=message)


REFUSED: tuple[BucketRule, ...] = (
    it_is_in_the_region_of_the_stack,
    it_is_not_one_that_the_stack_made,
    it_has_what_would_be_deleted,
    it_may_be_decrypted,
    it_is_versioned_where_it_is_mounted,
    it_notifies_nobody_else,
)

ADVISED: tuple[BucketRule, ...] = (
    it_is_versioned,
    it_is_encrypted,
    it_is_private,
    it_refuses_requests_without_tls,
    the_own_bucket_ends,
)
