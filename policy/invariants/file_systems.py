"""Rules about file systems: who reaches them, as which user, and which functions wait for them.

A further kind of file system is one more entry of `FILE_SYSTEMS`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .documents import denies_plain_traffic, denying
from .functions import FUNCTION, OF_ONE_MODEL
from .resource import Inputs, Resource, made_from, of_type, waits_for


@dataclass(frozen=True, kw_only=True)
class FileSystemTypes:
    """The resource types of one kind of file system, and what a rule reads of them."""

    file_system: str
    mount_target: str
    policy: str
    access_point: str
    user: str
    """The access point's input that says which user its clients are: one object, or a list of them."""
    access_point_key: str
    """The condition key that holds the ARN of the access point that a client came through."""
    serves_tls_only: bool
    """Whether AWS refuses clients without TLS in any case."""


FILE_SYSTEMS: Sequence[FileSystemTypes] = (
    FileSystemTypes(
        file_system="aws:efs/fileSystem:FileSystem",
        mount_target="aws:efs/mountTarget:MountTarget",
        policy="aws:efs/fileSystemPolicy:FileSystemPolicy",
        access_point="aws:efs/accessPoint:AccessPoint",
        user="posixUser",
        access_point_key="elasticfilesystem:AccessPointArn",
        serves_tls_only=False,
    ),
    FileSystemTypes(
        file_system="aws:s3/filesFileSystem:FilesFileSystem",
        mount_target="aws:s3/filesMountTarget:FilesMountTarget",
        policy="aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy",
        access_point="aws:s3/filesAccessPoint:FilesAccessPoint",
        user="posixUsers",
        access_point_key="s3files:AccessPointArn",
        serves_tls_only=True,
    ),
)


def file_systems_refuse_plain_traffic(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A file system's policy denies clients without TLS, unless AWS refuses them in any case."""
    for kind in FILE_SYSTEMS:
        if type_ == kind.policy and not kind.serves_tls_only and not denies_plain_traffic(inputs.get("policy")):
            yield f"{name}: a file-system policy must deny clients without TLS"


def file_systems_are_reached_through_access_points(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A file system's policy denies clients that use no access point, whatever their role allows."""
    for kind in FILE_SYSTEMS:
        if type_ == kind.policy and not any(
            kind.access_point_key in statement.get("Condition", {}).get(operator, {})
            for statement in denying(inputs.get("policy"))
            for operator in ("ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike")
        ):
            yield f"{name}: a file-system policy must deny clients that come without an access point"


def file_clients_are_not_root(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """An access point makes every client an ordinary user."""
    for kind in FILE_SYSTEMS:
        if type_ == kind.access_point:
            given = inputs.get(kind.user) or {}
            users = [given] if isinstance(given, Mapping) else list(given)
            for user in users:
                if not user.get("uid") or not user.get("gid"):
                    yield f"{name}: an access point must name a user and a group other than 0"


def file_systems_have_a_policy(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Every file system has a policy: without one, it admits everyone who reaches a mount target."""
    for kind in FILE_SYSTEMS:
        for file_system in of_type(resources, kind.file_system):
            if not made_from(resources, kind.policy, file_system):
                yield file_system, "the file system lacks a policy, so it admits everyone who reaches a mount target"


def functions_of_one_model_see_no_other(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A function that serves one model mounts by an access point of its own: a mount shows all of its directory."""
    functions = of_type(resources, FUNCTION)
    points = {each.urn for kind in FILE_SYSTEMS for each in of_type(resources, kind.access_point)}
    for function in functions:
        commands = (function.inputs.get("imageConfig") or {}).get("commands") or []
        if list(commands) != [OF_ONE_MODEL]:
            continue
        for other in functions:
            if other is not function and function.dependencies & other.dependencies & points:
                yield function, f"the function serves one model, but shares an access point with {other.name}"


def functions_wait_for_their_mounts(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A function that mounts a file system is created after every mount target of it."""
    by_urn = {resource.urn: resource for resource in resources}
    mount_targets = {kind.file_system: kind.mount_target for kind in FILE_SYSTEMS}
    for function in of_type(resources, FUNCTION):
        if not function.inputs.get("fileSystemConfig"):
            continue
        awaited = waits_for(function, by_urn)
        targets = [
            target
            for urn in awaited
            if urn in by_urn and by_urn[urn].type in mount_targets
            for target in made_from(resources, mount_targets[by_urn[urn].type], by_urn[urn])
        ]
        if not targets:
            yield function, "the function mounts a file system that has no mount target"
        for target in targets:
            if target.urn not in awaited:
                yield function, f"the function must wait for the mount target {target.name}"
