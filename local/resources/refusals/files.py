"""The rules of EFS and S3 Files: a file system has one mount target in a zone, and stays while it has one."""

import json
from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.refusals import refused

BURSTING = "bursting"
"""The mode of a file system of which nothing else is said."""

POLICY_CHARACTERS = 20_000
"""https://docs.aws.amazon.com/efs/latest/ug/limits.html"""


def zone_of(account: EmulatedAccount, subnet_id: str) -> str:
    """A subnet's availability zone."""
    return _subnet(account, subnet_id)["AvailabilityZone"]


def of_mount_target(account: EmulatedAccount, service: str, file_system_id: str, subnet_id: str) -> None:
    """One mount target in a zone, and all of them in one VPC."""
    code = "MountTargetConflict" if service == "efs" else "ConflictException"
    wanted = _subnet(account, subnet_id)
    for other in _subnets_of(account, service, file_system_id):
        held = _subnet(account, other)
        if held["VpcId"] != wanted["VpcId"]:
            message = "requested subnet for new mount target is not in the same VPC as existing mount targets"
            raise refused("CreateMountTarget", code, message)
        if held["AvailabilityZone"] == wanted["AvailabilityZone"]:
            raise refused("CreateMountTarget", code, "mount target already exists in this AZ")


def of_provisioned(account: EmulatedAccount, inputs: Mapping[str, Any]) -> None:
    """How much throughput can be provisioned, unless AWS raised the quota or the region is one of a few."""
    wanted = inputs.get("provisionedThroughputInMibps") or 0
    if wanted > account.quotas.provisioned_mibps:
        message = f"The throughput limit of {account.quotas.provisioned_mibps} MiB/s has been reached."
        raise refused("UpdateFileSystem", "ThroughputLimitExceeded", message)


def of_throughput(
    account: EmulatedAccount, file_system_id: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    """The mode changes, and provisioned throughput falls, once in 24 hours.
    https://docs.aws.amazon.com/efs/latest/ug/API_UpdateFileSystem.html"""
    of_provisioned(account, new)
    mode, throughput = "throughputMode", "provisionedThroughputInMibps"
    is_moved = (old.get(mode) or BURSTING) != (new.get(mode) or BURSTING)
    if not is_moved and (new.get(throughput) or 0) >= (old.get(throughput) or 0):
        return
    if file_system_id in account.changed_today:
        message = "You must wait at least 24 hours before changing the throughput mode or decreasing the throughput."
        raise refused("UpdateFileSystem", "TooManyRequests", message)
    account.changed_today.add(file_system_id)


def of_deleted_file_system(account: EmulatedAccount, service: str, file_system_id: str) -> None:
    """A file system with a mount target stays."""
    if _subnets_of(account, service, file_system_id):
        code = "FileSystemInUse" if service == "efs" else "ConflictException"
        message = f"{file_system_id} has mount targets; they must be deleted first."
        raise refused("DeleteFileSystem", code, message)


def of_policy(policy: str) -> None:
    """A file system's policy is a JSON document within its limit."""
    try:
        json.loads(policy)
    except ValueError:
        raise refused("PutFileSystemPolicy", "InvalidPolicyException", "The policy is not valid JSON.") from None
    if len(policy) > POLICY_CHARACTERS:
        message = f"The policy has {len(policy)} characters; the limit is {POLICY_CHARACTERS}."
        raise refused("PutFileSystemPolicy", "InvalidPolicyException", message)


def of_access_points(account: EmulatedAccount, file_system_id: str) -> None:
    """An S3 file system with an access point stays. (EFS deletes them with the file system.)"""
    listed: Any = account.client("s3files").list_access_points(fileSystemId=file_system_id)
    if listed.get("accessPoints"):
        message = f"{file_system_id} has access points; they must be deleted first."
        raise refused("DeleteFileSystem", "ConflictException", message)


def _subnet(account: EmulatedAccount, subnet_id: str) -> Any:
    [subnet] = account.client("ec2").describe_subnets(SubnetIds=[subnet_id])["Subnets"]
    return subnet


def _subnets_of(account: EmulatedAccount, service: str, file_system_id: str) -> list[str]:
    if service == "efs":
        described = account.client("efs").describe_mount_targets(FileSystemId=file_system_id)["MountTargets"]
        return [each["SubnetId"] for each in described]
    listed = account.client("s3files").list_mount_targets(fileSystemId=file_system_id)["mountTargets"]
    return [each["subnetId"] for each in listed]
