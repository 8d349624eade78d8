"""EFS: file systems, each a directory of this machine."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import capitalized, tag_list


def file_system(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.efs.FileSystem"""
    arguments: dict[str, Any] = {
        "CreationToken": account.physical_name({}, name),
        "Encrypted": bool(inputs.get("encrypted")),
        "Tags": tag_list(inputs),
    }
    for key in ("kmsKeyId", "performanceMode", "throughputMode"):
        if inputs.get(key):
            arguments[key[0].upper() + key[1:]] = inputs[key]
    if speed := inputs.get("provisionedThroughputInMibps"):
        arguments["ProvisionedThroughputInMibps"] = speed
    answer = account.client("efs").create_file_system(**arguments)
    account.file_systems.create(answer["FileSystemId"])
    dns_name = f"{answer['FileSystemId']}.efs.{account.region}.amazonaws.com"
    return Created(answer["FileSystemId"], {"arn": answer["FileSystemArn"], "dnsName": dns_name})


def access_point(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.efs.AccessPoint. Its POSIX user is not played: all files here are this machine's user's."""
    arguments: dict[str, Any] = {
        "ClientToken": account.physical_name({}, name),
        "FileSystemId": inputs["fileSystemId"],
        "Tags": tag_list(inputs),
    }
    for key in ("posixUser", "rootDirectory"):
        if key in inputs:
            arguments[key[0].upper() + key[1:]] = capitalized(inputs[key])
    answer = account.client("efs").create_access_point(**arguments)
    root = inputs.get("rootDirectory", {})
    made = root.get("creationInfo")
    account.file_systems.open_access_point(
        answer["AccessPointArn"],
        inputs["fileSystemId"],
        root.get("path", "/"),
        int(made["permissions"], 8) if made else None,
    )
    return Created(answer["AccessPointId"], {"arn": answer["AccessPointArn"], "ownerId": answer["OwnerId"]})


def mount_target(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.efs.MountTarget"""
    answer = account.client("efs").create_mount_target(
        FileSystemId=inputs["fileSystemId"],
        SubnetId=inputs["subnetId"],
        SecurityGroups=inputs.get("securityGroups", []),
    )
    keys = "AvailabilityZoneId AvailabilityZoneName IpAddress NetworkInterfaceId OwnerId".split()
    return Created(answer["MountTargetId"], {key[0].lower() + key[1:]: answer[key] for key in keys})


def file_system_policy(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.efs.FileSystemPolicy"""
    account.client("efs").put_file_system_policy(
        FileSystemId=inputs["fileSystemId"],
        Policy=inputs["policy"],
        BypassPolicyLockoutSafetyCheck=bool(inputs.get("bypassPolicyLockoutSafetyCheck")),
    )
    return Created(inputs["fileSystemId"])


RESOURCES: Mapping[str, Create] = {
    "aws:efs/fileSystem:FileSystem": file_system,
    "aws:efs/accessPoint:AccessPoint": access_point,
    "aws:efs/mountTarget:MountTarget": mount_target,
    "aws:efs/fileSystemPolicy:FileSystemPolicy": file_system_policy,
}
