"""Rules about what holds data: private, encrypted, used only with TLS, recoverable."""

from collections.abc import Iterator

from .documents import denies_plain_traffic
from .resource import Inputs, is_set, of


@of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
def buckets_block_public_access(name: str, inputs: Inputs) -> Iterator[str]:
    """A public access block sets all four of its inputs."""
    for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        if inputs.get(key) is not True:
            yield f"{name}: {key} must be true"


@of("aws:s3/bucketPolicy:BucketPolicy")
def buckets_refuse_plain_http(name: str, inputs: Inputs) -> Iterator[str]:
    """A bucket policy denies every request without TLS."""
    if not denies_plain_traffic(inputs.get("policy")):
        yield f"{name}: a bucket policy must deny requests without TLS"


@of("aws:s3/bucketVersioning:BucketVersioning")
def buckets_are_versioned(name: str, inputs: Inputs) -> Iterator[str]:
    """A bucket keeps versions, so that what is overwritten or deleted can be restored."""
    status = (inputs.get("versioningConfiguration") or {}).get("status")
    if status != "Enabled":
        yield f"{name}: versioning must be Enabled, not {status}"


def buckets_know_no_access_lists(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """The bucket's owner owns every object, so that only policies decide."""
    if type_ == "aws:s3/bucketOwnershipControls:BucketOwnershipControls":
        ownership = (inputs.get("rule") or {}).get("objectOwnership")
        if ownership != "BucketOwnerEnforced":
            yield f"{name}: objectOwnership must be BucketOwnerEnforced, not {ownership}"
    if type_.startswith("aws:s3/bucketAcl") or (type_.startswith("aws:s3/bucket") and inputs.get("acl")):
        yield f"{name}: set no access list; write a policy"


def data_is_encrypted(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Every resource that holds data is encrypted."""
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


@of("aws:ecr/repository:Repository")
def repositories_never_move_a_tag(name: str, inputs: Inputs) -> Iterator[str]:
    """An image repository has immutable tags and scans every image."""
    if inputs.get("imageTagMutability") != "IMMUTABLE":
        yield f"{name}: imageTagMutability must be IMMUTABLE"
    if not (inputs.get("imageScanningConfiguration") or {}).get("scanOnPush"):
        yield f"{name}: images must be scanned on push"


def _encrypts(inputs: Inputs) -> bool:
    rules = list(inputs.get("rules") or [])
    algorithms = [(rule.get("applyServerSideEncryptionByDefault") or {}).get("sseAlgorithm") for rule in rules]
    return bool(algorithms) and all(algorithm in ("AES256", "aws:kms", "aws:kms:dsse") for algorithm in algorithms)
