"""S3 Files: a bucket as a file system, here as a directory that follows the bucket's events."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from local.bucket_directory import BucketDirectory
from local.bucket_events import to_function
from local.resources.lambda_.invoking import PROXY_VARIABLE
from local.resources.mount_target_type import MountTargetType
from local.resources.put_type import PutType
from local.resources.refusals import files as refusals
from local.resources.resource_type import Inputs, ResourceType, says_gone
from local.resources.words import tag_changes, tag_list


class _FilesType(ResourceType):
    """A type of S3 Files, whose token names S3."""

    def files(self) -> Any:
        """The client of S3 Files."""
        return self.client("s3files")


class FilesFileSystem(_FilesType):
    """aws.s3.FilesFileSystem"""

    pulumi_type = "aws:s3/filesFileSystem:FilesFileSystem"
    computed = ("arn", "creationTime", "ownerId", "status")
    takes_time = True

    def make(self, inputs: Inputs) -> str:
        arguments: dict[str, Any] = {"bucket": inputs["bucket"], "roleArn": inputs["roleArn"]}
        for key in ("prefix", "kmsKeyId"):
            if inputs.get(key):
                arguments[key] = inputs[key]
        if tags := tag_list(inputs, "key", "value"):
            arguments["tags"] = tags
        file_system_id = self.files().create_file_system(**arguments)["fileSystemId"]
        self._follow(file_system_id, inputs["bucket"].rpartition(":")[2], inputs.get("prefix", ""))
        return file_system_id

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.files().get_file_system(fileSystemId=resource_id)
        prefix = {"prefix": found["prefix"]} if found.get("prefix") else {}
        return {
            "arn": found["fileSystemArn"],
            "bucket": found["bucket"],
            "creationTime": found["creationTime"].isoformat(),
            "ownerId": found.get("ownerId", self.account.account_id),
            "roleArn": found["roleArn"],
            "status": found["status"],
            **prefix,
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        """Only tags are changed in place, and the emulator does not tell them."""
        gone, given = tag_changes(old, new)
        if gone:
            self.files().untag_resource(resourceId=resource_id, tagKeys=gone)
        if given:
            self.files().tag_resource(resourceId=resource_id, tags=tag_list({"tags": given}, "key", "value"))

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_file_system(self.account, "s3files", resource_id)
        refusals.of_access_points(self.account, resource_id)
        self.files().delete_file_system(fileSystemId=resource_id)
        self._unfollow(resource_id, known["bucket"].rpartition(":")[2])

    def _follow(self, file_system_id: str, bucket: str, prefix: str) -> None:
        """Show the bucket in a directory, now and after each change of an object. On AWS, the service has the bucket's
        events from EventBridge; here, from a function of the emulator that is no program but this process."""
        account = self.account
        s3, root = account.client("s3"), account.file_systems.create(file_system_id)
        directory = BucketDirectory(s3, bucket, prefix, root)
        follower = _follower(file_system_id)
        answer = account.client("lambda").create_function(
            FunctionName=follower,
            Role=f"arn:aws:iam::{account.account_id}:role/{follower}",
            PackageType="Image",
            Code={"ImageUri": f"{follower}:latest"},
            Environment={"Variables": {PROXY_VARIABLE: account.invoke_api.follower_url(follower, directory.refresh)}},
        )
        account.client("lambda").get_waiter("function_active_v2").wait(FunctionName=follower, WaiterConfig={"Delay": 1})
        told = to_function(answer["FunctionArn"], prefix=prefix)
        account.bucket_events.follow(s3, bucket, file_system_id, told)
        directory.refresh()

    def _unfollow(self, file_system_id: str, bucket: str) -> None:
        self.account.bucket_events.follow(self.client("s3"), bucket, file_system_id, None)
        self.account.client("lambda").delete_function(FunctionName=_follower(file_system_id))
        try:
            # The emulator's own record of the events that the function here was sent.
            self.account.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{_follower(file_system_id)}")
        except ClientError as error:
            if not says_gone(error):
                raise
        self.account.file_systems.remove(file_system_id)


class FilesAccessPoint(_FilesType):
    """aws.s3.FilesAccessPoint"""

    pulumi_type = "aws:s3/filesAccessPoint:FilesAccessPoint"
    computed = ("arn", "ownerId", "status")

    def make(self, inputs: Inputs) -> str:
        [user] = inputs.get("posixUsers") or [None]
        root = next(iter(inputs.get("rootDirectories") or [{}]))
        path = root.get("path")
        arguments: dict[str, Any] = {"fileSystemId": inputs["fileSystemId"]}
        if user:
            arguments["posixUser"] = {"uid": user["uid"], "gid": user["gid"]}
        if path:
            arguments["rootDirectory"] = {"path": path}
        if tags := tag_list(inputs, "key", "value"):
            arguments["tags"] = tags
        answer = self.files().create_access_point(**arguments)
        self.account.file_systems.open_access_point(answer["accessPointArn"], inputs["fileSystemId"], path or "/")
        return answer["accessPointId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.files().get_access_point(accessPointId=resource_id)
        return {
            "arn": found["accessPointArn"],
            "fileSystemId": found["fileSystemId"],
            "ownerId": found.get("ownerId", self.account.account_id),
            "status": found["status"],
        }

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.files().delete_access_point(accessPointId=resource_id)
        self.account.file_systems.close_access_point(known["arn"])


class FilesMountTarget(_FilesType, MountTargetType):
    """aws.s3.FilesMountTarget"""

    pulumi_type = "aws:s3/filesMountTarget:FilesMountTarget"
    computed = ("availabilityZoneId", "ipv4Address", "networkInterfaceId", "ownerId", "status", "vpcId")
    file_service = "s3files"

    def create_target(self, file_system: str, subnet: str, groups: Sequence[str]) -> str:
        made = self.files().create_mount_target(fileSystemId=file_system, subnetId=subnet, securityGroups=groups)
        return made["mountTargetId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.files().get_mount_target(mountTargetId=resource_id)
        keys = ("fileSystemId", "subnetId", "securityGroups", *self.computed)
        return {key: found[key] for key in keys if key in found}

    def set_groups(self, resource_id: str, groups: Sequence[str]) -> None:
        self.files().update_mount_target(mountTargetId=resource_id, securityGroups=groups)

    def delete_target(self, resource_id: str) -> None:
        self.files().delete_mount_target(mountTargetId=resource_id)


class FilesFileSystemPolicy(_FilesType, PutType):
    """aws.s3.FilesFileSystemPolicy"""

    pulumi_type = "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy"

    def put(self, inputs: Inputs) -> str:
        refusals.of_policy(inputs["policy"])
        self.files().put_file_system_policy(fileSystemId=inputs["fileSystemId"], policy=inputs["policy"])
        return inputs["fileSystemId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.files().get_file_system_policy(fileSystemId=resource_id)
        return {"fileSystemId": resource_id, "policy": found["policy"]}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.files().delete_file_system_policy(fileSystemId=resource_id)


def _follower(file_system_id: str) -> str:
    return f"s3files-{file_system_id}"


TYPES = (FilesFileSystem, FilesAccessPoint, FilesMountTarget, FilesFileSystemPolicy)
