"""Rules between resources: buckets have their safeguards, and functions wait for their grants."""

from collections.abc import Iterator, Mapping, Sequence

from .functions import FUNCTION, MAPPING
from .identity import ROLE, ROLE_POLICY
from .resource import Resource, is_set, made_from, of_type, waits_for

BUCKET = "aws:s3/bucket:Bucket"
QUEUE = "aws:sqs/queue:Queue"
GUARDS: Mapping[str, str] = {
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "ownership controls",
    "aws:s3/bucketPolicy:BucketPolicy": "a policy that refuses plain HTTP",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "a public access block",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "encryption",
    "aws:s3/bucketVersioning:BucketVersioning": "versioning",
}
"""The resources that every bucket needs, with their names in a message."""

GRANTS = (ROLE_POLICY, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
"""The types that give a role its grants."""


def buckets_are_guarded(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Every bucket has the resources that keep it private and its content recoverable."""
    for bucket in of_type(resources, BUCKET):
        for type_, guard in GUARDS.items():
            if not made_from(resources, type_, bucket):
                yield bucket, f"the bucket lacks {guard}"


def queues_of_functions_keep_what_fails(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A queue that leads to a function hands what fails on to another queue; else it goes round until it is too old."""
    by_urn = {resource.urn: resource for resource in resources}
    for mapping in of_type(resources, MAPPING):
        for queue in (by_urn[urn] for urn in mapping.dependencies if urn in by_urn and by_urn[urn].type == QUEUE):
            if not is_set(queue.inputs, "redrivePolicy"):
                yield queue, "the queue leads to a function, and must have a redrivePolicy"


def functions_wait_for_their_grants(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A function is created after its role has every grant: Lambda uses the mount and the network at once."""
    by_urn = {resource.urn: resource for resource in resources}
    for function in of_type(resources, FUNCTION):
        roles = [by_urn[urn] for urn in function.dependencies if urn in by_urn and by_urn[urn].type == ROLE]
        awaited = waits_for(function, by_urn)
        for role in roles:
            for grant in (grant for type_ in GRANTS for grant in made_from(resources, type_, role)):
                if grant.urn not in awaited:
                    yield function, f"the function must wait for the grant {grant.name}"
