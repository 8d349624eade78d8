"""What holds between resources: nothing is used before what it needs is there, and nothing is left unguarded."""

from collections.abc import Iterator, Mapping, Sequence

from .functions import FUNCTION
from .resource import Resource

BUCKET = "aws:s3/bucket:Bucket"
GUARDS: Mapping[str, str] = {
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "ownership controls",
    "aws:s3/bucketPolicy:BucketPolicy": "a policy that refuses plain HTTP",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "a public access block",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "encryption",
    "aws:s3/bucketVersioning:BucketVersioning": "versioning",
}
"""What every bucket has beside it."""

MOUNT_TARGETS: Mapping[str, str] = {
    "aws:efs/fileSystem:FileSystem": "aws:efs/mountTarget:MountTarget",
    "aws:s3/filesFileSystem:FilesFileSystem": "aws:s3/filesMountTarget:FilesMountTarget",
}
FILE_SYSTEM_POLICIES: Mapping[str, str] = {
    "aws:efs/fileSystem:FileSystem": "aws:efs/fileSystemPolicy:FileSystemPolicy",
    "aws:s3/filesFileSystem:FilesFileSystem": "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy",
}
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


def buckets_are_guarded(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Every bucket has all that keeps it private and its content recoverable."""
    for bucket in _of(resources, BUCKET):
        for type_, guard in GUARDS.items():
            if not _about(resources, type_, bucket):
                yield bucket, f"the bucket lacks {guard}"


def file_systems_have_a_policy(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Without a policy of its own, a file system lets in whoever reaches a mount target."""
    for type_, policy in FILE_SYSTEM_POLICIES.items():
        for file_system in _of(resources, type_):
            if not _about(resources, policy, file_system):
                yield file_system, "the file system lacks a policy, and so lets in whoever reaches a mount target"


def functions_wait_for_their_mounts(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A function that mounts a file system exists only after every mount target of it."""
    by_urn = {resource.urn: resource for resource in resources}
    for function in _of(resources, FUNCTION):
        if not function.inputs.get("fileSystemConfig"):
            continue
        awaited = _waits_for(function, by_urn)
        targets = [
            target
            for urn in awaited
            if urn in by_urn and by_urn[urn].type in MOUNT_TARGETS
            for target in _about(resources, MOUNT_TARGETS[by_urn[urn].type], by_urn[urn])
        ]
        if not targets:
            yield function, "the function mounts a file system that has no mount target"
        for target in targets:
            if target.urn not in awaited:
                yield function, f"the function must wait for the mount target {target.name}"


def functions_wait_for_their_grants(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A function exists only after its role holds every grant: Lambda tries the mount and the network at once."""
    by_urn = {resource.urn: resource for resource in resources}
    for function in _of(resources, FUNCTION):
        roles = [by_urn[urn] for urn in function.dependencies if urn in by_urn and by_urn[urn].type == ROLE]
        awaited = _waits_for(function, by_urn)
        for role in roles:
            for grant in _about(resources, ROLE_POLICY, role):
                if grant.urn not in awaited:
                    yield function, f"the function must wait for the grant {grant.name}"


def _of(resources: Sequence[Resource], type_: str) -> list[Resource]:
    return [resource for resource in resources if resource.type == type_]


def _about(resources: Sequence[Resource], type_: str, subject: Resource) -> list[Resource]:
    """The resources of a type that are made from another one's outputs."""
    return [resource for resource in _of(resources, type_) if subject.urn in resource.dependencies]


def _waits_for(resource: Resource, by_urn: Mapping[str, Resource]) -> set[str]:
    """URNs of everything that a resource waits for, directly or not."""
    found: set[str] = set()
    waiting = list(resource.dependencies)
    while waiting:
        urn = waiting.pop()
        if urn not in found:
            found.add(urn)
            waiting += by_urn[urn].dependencies if urn in by_urn else ()
    return found
