"""EFS: file systems, each a directory of this machine."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from local.resources.mount_target_type import MountTargetType
from local.resources.put_type import PutType
from local.resources.refusals import files as refusals
from local.resources.resource_type import Inputs, ResourceType, the_only
from local.resources.words import answered, chosen, tag_changes, tag_list, tags_of


class FileSystem(ResourceType):
    """aws.efs.FileSystem"""

    pulumi_type = "aws:efs/fileSystem:FileSystem"
    computed = ("arn", "creationToken", "dnsName", "ownerId", "performanceMode")

    def make(self, inputs: Inputs) -> str:
        refusals.of_provisioned(self.account, inputs)
        creation = inputs.get("creationToken") or self.account.unique("pulumi")
        keys = ("kmsKeyId", "performanceMode", "provisionedThroughputInMibps", "throughputMode")
        made = self.client().create_file_system(
            CreationToken=creation,
            Encrypted=bool(inputs.get("encrypted")),
            Tags=tag_list(inputs),
            **chosen(inputs, keys),
        )
        self.account.file_systems.create(made["FileSystemId"])
        return made["FileSystemId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        [found] = self.client().describe_file_systems(FileSystemId=resource_id)["FileSystems"]
        keys = "creationToken encrypted ownerId performanceMode provisionedThroughputInMibps throughputMode".split()
        key = {"kmsKeyId": found["KmsKeyId"]} if found.get("KmsKeyId") else {}
        return {
            "arn": found["FileSystemArn"],
            "dnsName": f"{resource_id}.efs.{self.account.region}.amazonaws.com",
            **answered(found, keys),
            **key,
            "tags": tags_of(found.get("Tags", ())),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        refusals.of_throughput(self.account, resource_id, old, new)
        throughput = chosen(new, ("provisionedThroughputInMibps", "throughputMode"))
        if throughput and any(
            old.get(key) != new.get(key) for key in ("provisionedThroughputInMibps", "throughputMode")
        ):
            self.client().update_file_system(FileSystemId=resource_id, **throughput)
        retag(self.client(), resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_file_system(self.account, "efs", resource_id)
        for each in self.client().describe_access_points(FileSystemId=resource_id)["AccessPoints"]:
            self.account.file_systems.close_access_point(each["AccessPointArn"])
        self.client().delete_file_system(FileSystemId=resource_id)
        self.account.file_systems.remove(resource_id)


class AccessPoint(ResourceType):
    """aws.efs.AccessPoint. Its POSIX user is not emulated: all files belong to this machine's user."""

    pulumi_type = "aws:efs/accessPoint:AccessPoint"
    computed = ("arn", "fileSystemArn", "ownerId")

    def make(self, inputs: Inputs) -> str:
        made = self.client().create_access_point(
            ClientToken=self.account.unique("pulumi"),
            FileSystemId=inputs["fileSystemId"],
            Tags=tag_list(inputs),
            **chosen(inputs, ("posixUser", "rootDirectory")),
        )
        root = inputs.get("rootDirectory", {})
        creation = root.get("creationInfo")
        self.account.file_systems.open_access_point(
            made["AccessPointArn"],
            inputs["fileSystemId"],
            root.get("path", "/"),
            int(creation["permissions"], 8) if creation else None,
        )
        return made["AccessPointId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        point = the_only(self.client().describe_access_points(AccessPointId=resource_id)["AccessPoints"])
        return {
            "arn": point["AccessPointArn"],
            "fileSystemArn": self.arn(f"file-system/{point['FileSystemId']}", "elasticfilesystem"),
            **answered(point, ("fileSystemId", "ownerId", "posixUser", "rootDirectory")),
            "tags": tags_of(point.get("Tags", ())),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        retag(self.client(), resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_access_point(AccessPointId=resource_id)
        self.account.file_systems.close_access_point(known["arn"])


class MountTarget(MountTargetType):
    """aws.efs.MountTarget"""

    pulumi_type = "aws:efs/mountTarget:MountTarget"
    computed = (
        *("availabilityZoneId", "availabilityZoneName", "dnsName", "fileSystemArn", "ipAddress"),
        *("networkInterfaceId", "ownerId"),
    )
    file_service = "efs"

    def create_target(self, file_system: str, subnet: str, groups: Sequence[str]) -> str:
        made = self.client().create_mount_target(FileSystemId=file_system, SubnetId=subnet, SecurityGroups=groups)
        return made["MountTargetId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        [target] = self.client().describe_mount_targets(MountTargetId=resource_id)["MountTargets"]
        groups = self.client().describe_mount_target_security_groups(MountTargetId=resource_id)["SecurityGroups"]
        file_system, region = target["FileSystemId"], self.account.region
        keys = "availabilityZoneId availabilityZoneName fileSystemId ipAddress networkInterfaceId ownerId subnetId"
        return {
            "dnsName": f"{file_system}.efs.{region}.amazonaws.com",
            "fileSystemArn": self.arn(f"file-system/{file_system}", "elasticfilesystem"),
            "securityGroups": groups,
            **answered(target, keys.split()),
        }

    def set_groups(self, resource_id: str, groups: Sequence[str]) -> None:
        self.client().modify_mount_target_security_groups(MountTargetId=resource_id, SecurityGroups=groups)

    def delete_target(self, resource_id: str) -> None:
        self.client().delete_mount_target(MountTargetId=resource_id)


class FileSystemPolicy(PutType):
    """aws.efs.FileSystemPolicy"""

    pulumi_type = "aws:efs/fileSystemPolicy:FileSystemPolicy"

    def put(self, inputs: Inputs) -> str:
        refusals.of_policy(inputs["policy"])
        self.client().put_file_system_policy(
            FileSystemId=inputs["fileSystemId"],
            Policy=inputs["policy"],
            BypassPolicyLockoutSafetyCheck=bool(inputs.get("bypassPolicyLockoutSafetyCheck")),
        )
        return inputs["fileSystemId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        policy = self.client().describe_file_system_policy(FileSystemId=resource_id)["Policy"]
        given = known.get("policy")
        return {"fileSystemId": resource_id, "policy": given if given and _completes(policy, given) else policy}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_file_system_policy(FileSystemId=resource_id)


def _completes(policy: str, given: str) -> bool:
    """Whether a policy is a given one with the ids and resources that EFS fills in."""
    completed, plain = json.loads(policy)["Statement"], json.loads(given)["Statement"]
    return len(completed) == len(plain) and all(
        {key: each[key] for key in one if key in each} == one for each, one in zip(completed, plain, strict=True)
    )


def retag(efs: Any, resource_id: str, old: Inputs, new: Inputs) -> None:
    """Give a resource its new tags in place of its old ones."""
    gone, given = tag_changes(old, new)
    if gone:
        efs.untag_resource(ResourceId=resource_id, TagKeys=gone)
    if given:
        efs.tag_resource(ResourceId=resource_id, Tags=tag_list({"tags": given}))


TYPES = (FileSystem, AccessPoint, MountTarget, FileSystemPolicy)
