"""What holds data: private, encrypted, reached by TLS alone, and what is deleted can be had again."""

from collections.abc import Iterator, Mapping
from typing import Any

from .documents import listed, means_everyone, statements
from .resource import Inputs, is_set


def buckets_block_public_access(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Public access is blocked in all four ways."""
    if type_ == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":
        for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
            if inputs.get(key) is not True:
                yield f"{name}: {key} must be true"


def buckets_refuse_plain_http(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A bucket policy denies everything that comes without TLS."""
    if type_ == "aws:s3/bucketPolicy:BucketPolicy" and not _refuses_plain_traffic(inputs):
        yield f"{name}: a bucket policy must deny requests without TLS"


def buckets_are_versioned(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """What is overwritten or deleted in a bucket can be brought back."""
    if type_ == "aws:s3/bucketVersioning:BucketVersioning":
        status = (inputs.get("versioningConfiguration") or {}).get("status")
        if status != "Enabled":
            yield f"{name}: versioning must be Enabled, not {status}"


def buckets_know_no_access_lists(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """The bucket's owner owns every object, so that policies alone decide."""
    if type_ == "aws:s3/bucketOwnershipControls:BucketOwnershipControls":
        ownership = (inputs.get("rule") or {}).get("objectOwnership")
        if ownership != "BucketOwnerEnforced":
            yield f"{name}: objectOwnership must be BucketOwnerEnforced, not {ownership}"
    if type_.startswith("aws:s3/bucketAcl") or (type_.startswith("aws:s3/bucket") and inputs.get("acl")):
        yield f"{name}: set no access list; write a policy"


def data_is_encrypted(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """What holds data says how it is encrypted."""
    if type_ == "aws:efs/fileSystem:FileSystem" and inputs.get("encrypted") is not True:
        yield f"{name}: a file system must be encrypted"
    if type_ == "aws:ecr/repository:Repository" and not inputs.get("encryptionConfigurations"):
        yield f"{name}: a repository must be encrypted"
    if type_ == "aws:sqs/queue:Queue" and not (
        is_set(inputs, "sqsManagedSseEnabled") or is_set(inputs, "kmsMasterKeyId")
    ):
        yield f"{name}: a queue must be encrypted"
    if type_ == "aws:sqs/queue:Queue" and inputs.get("sqsManagedSseEnabled") is False:
        yield f"{name}: a queue must be encrypted, and sqsManagedSseEnabled is false"
    if type_ == "aws:sns/topic:Topic" and not is_set(inputs, "kmsMasterKeyId"):
        yield f"{name}: a topic must be encrypted"
    if type_.startswith("aws:s3/bucketServerSideEncryptionConfiguration:") and not _encrypts(inputs):
        yield f"{name}: a bucket must encrypt by AES256, aws:kms or aws:kms:dsse"


def file_systems_refuse_plain_traffic(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """An EFS file system denies everything that comes without TLS. S3 Files takes nothing else in the first place."""
    if type_ == "aws:efs/fileSystemPolicy:FileSystemPolicy" and not _refuses_plain_traffic(inputs):
        yield f"{name}: a file-system policy must deny clients without TLS"


def file_systems_are_reached_through_access_points(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Whoever reaches a mount target without the access point is denied, whatever a role grants."""
    keys = {
        "aws:efs/fileSystemPolicy:FileSystemPolicy": "elasticfilesystem:AccessPointArn",
        "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy": "s3files:AccessPointArn",
    }
    if type_ in keys and not any(
        keys[type_] in statement.get("Condition", {}).get("StringNotEquals", {}) for statement in _denials(inputs)
    ):
        yield f"{name}: a file-system policy must deny clients that come without the access point"


def file_clients_are_not_root(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """An access point makes every client an ordinary user."""
    users: list[Mapping[str, Any]] = []
    if type_ == "aws:efs/accessPoint:AccessPoint":
        users = [inputs.get("posixUser") or {}]
    elif type_ == "aws:s3/filesAccessPoint:FilesAccessPoint":
        users = list(inputs.get("posixUsers") or [{}])
    for user in users:
        if not user.get("uid") or not user.get("gid"):
            yield f"{name}: an access point must name a user and a group other than 0"


def repositories_never_move_a_tag(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Tags are immutable, and what is pushed is scanned."""
    if type_ == "aws:ecr/repository:Repository":
        if inputs.get("imageTagMutability") != "IMMUTABLE":
            yield f"{name}: imageTagMutability must be IMMUTABLE"
        if not (inputs.get("imageScanningConfiguration") or {}).get("scanOnPush"):
            yield f"{name}: images must be scanned on push"


def _denials(inputs: Inputs) -> list[Mapping[str, Any]]:
    return [statement for statement in statements(inputs.get("policy")) if statement.get("Effect") == "Deny"]


def _refuses_plain_traffic(inputs: Inputs) -> bool:
    """Whether a policy denies everyone who comes without TLS."""
    return any(
        statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") in ("false", False)
        and means_everyone(statement.get("Principal"))
        and listed(statement.get("Action"))
        for statement in _denials(inputs)
    )


def _encrypts(inputs: Inputs) -> bool:
    rules = list(inputs.get("rules") or [])
    algorithms = [(rule.get("applyServerSideEncryptionByDefault") or {}).get("sseAlgorithm") for rule in rules]
    return bool(algorithms) and all(algorithm in ("AES256", "aws:kms", "aws:kms:dsse") for algorithm in algorithms)
