"""S3 Files: a bucket as a file system, here as a directory that follows the bucket's events."""

from collections.abc import Mapping
from typing import Any

from local.bucket_directory import BucketDirectory
from local.bucket_events import to_function
from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.lambda_ import PROXY_VARIABLE
from local.resources.words import tag_list, whole


def file_system(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.FilesFileSystem"""
    arguments: dict[str, Any] = {"bucket": inputs["bucket"], "roleArn": inputs["roleArn"]}
    for key in ("prefix", "kmsKeyId"):
        if inputs.get(key):
            arguments[key] = inputs[key]
    if tags := tag_list(inputs, "key", "value"):
        arguments["tags"] = tags
    answer = account.client("s3files").create_file_system(**arguments)
    file_system_id = answer["fileSystemId"]
    _follow(account, file_system_id, inputs["bucket"].rpartition(":")[2], inputs.get("prefix", ""))
    return Created(file_system_id, {"arn": answer["fileSystemArn"], "status": answer["status"]})


def _follow(account: EmulatedAccount, file_system_id: str, bucket: str, prefix: str) -> None:
    """Show the bucket in a directory, now and after each change of an object. On AWS, the service has the bucket's
    events from EventBridge; here, from a function of the emulator that is no program but this process."""
    s3, root = account.client("s3"), account.file_systems.create(file_system_id)
    directory = BucketDirectory(s3, bucket, prefix, root)
    follower = f"s3files-{file_system_id}"
    answer = account.client("lambda").create_function(
        FunctionName=follower,
        Role=f"arn:aws:iam::{account.account_id}:role/{follower}",
        PackageType="Image",
        Code={"ImageUri": f"{follower}:latest"},
        Environment={"Variables": {PROXY_VARIABLE: account.invoke_api.follower_url(follower, directory.refresh)}},
    )
    account.client("lambda").get_waiter("function_active_v2").wait(FunctionName=follower, WaiterConfig={"Delay": 1})
    account.bucket_events.set(s3, bucket, file_system_id, [to_function(answer["FunctionArn"], prefix=prefix)])
    directory.refresh()


def access_point(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.FilesAccessPoint"""
    [user] = inputs.get("posixUsers") or [None]
    root = next(iter(inputs.get("rootDirectories") or [{}]))
    arguments: dict[str, Any] = {"fileSystemId": inputs["fileSystemId"]}
    if user:
        arguments["posixUser"] = {"uid": whole(user["uid"]), "gid": whole(user["gid"])}
    if path := root.get("path"):
        arguments["rootDirectory"] = {"path": path}
    answer = account.client("s3files").create_access_point(**arguments)
    account.file_systems.open_access_point(answer["accessPointArn"], inputs["fileSystemId"], path or "/")
    return Created(answer["accessPointId"], {"arn": answer["accessPointArn"], "status": answer["status"]})


def mount_target(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.FilesMountTarget"""
    answer = account.client("s3files").create_mount_target(
        fileSystemId=inputs["fileSystemId"],
        subnetId=inputs["subnetId"],
        securityGroups=inputs.get("securityGroups", []),
    )
    keys = "availabilityZoneId ipv4Address networkInterfaceId ownerId status vpcId".split()
    return Created(answer["mountTargetId"], {key: answer[key] for key in keys})


def file_system_policy(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.s3.FilesFileSystemPolicy"""
    account.client("s3files").put_file_system_policy(fileSystemId=inputs["fileSystemId"], policy=inputs["policy"])
    return Created(inputs["fileSystemId"])


RESOURCES: Mapping[str, Create] = {
    "aws:s3/filesFileSystem:FilesFileSystem": file_system,
    "aws:s3/filesAccessPoint:FilesAccessPoint": access_point,
    "aws:s3/filesMountTarget:FilesMountTarget": mount_target,
    "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy": file_system_policy,
}
