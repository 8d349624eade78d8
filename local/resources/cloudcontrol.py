"""Cloud Control: what AWS says of a resource in CloudFormation's words. The emulator has no such service."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.resources.account import EmulatedAccount
from local.resources.resource_type import Call, says_gone

Told = Callable[[Any, str], Any]
"""Takes a boto3 client of S3 and a bucket. Gives a property of the bucket."""


def _encryption(client: Any, bucket: str) -> Any:
    rules = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    word = "ApplyServerSideEncryptionByDefault"
    told = [
        {**{key: value for key, value in rule.items() if key != word}, word.removeprefix("Apply"): rule[word]}
        for rule in rules
    ]
    return {"ServerSideEncryptionConfiguration": told}


def _versioning(client: Any, bucket: str) -> Any:
    status = client.get_bucket_versioning(Bucket=bucket).get("Status")
    return {"Status": status} if status else None


def _public_access(client: Any, bucket: str) -> Any:
    return client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]


BUCKET: Mapping[str, Told] = {
    "BucketEncryption": _encryption,
    "VersioningConfiguration": _versioning,
    "PublicAccessBlockConfiguration": _public_access,
}
"""How each property of a bucket is read, but for its notifications."""

NOTIFIED = {
    "LambdaFunctionConfigurations": ("LambdaConfigurations", "LambdaFunctionArn", "Function"),
    "QueueConfigurations": ("QueueConfigurations", "QueueArn", "Queue"),
    "TopicConfigurations": ("TopicConfigurations", "TopicArn", "Topic"),
}
"""CloudFormation's words for a bucket's notifications and for whom they go to, by the API's."""


def get_resource(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.cloudcontrol.get_resource, of a bucket or a key"""
    describe = DESCRIBED.get(arguments["typeName"])
    if describe is None:
        raise ValueError(f"the local stack describes {' and '.join(DESCRIBED)}, and this is {arguments['typeName']}")
    identifier = arguments["identifier"]
    return {**arguments, "id": identifier, "properties": json.dumps(describe(account, identifier))}


def _key(account: EmulatedAccount, key: str) -> dict[str, Any]:
    told, policy = account.client("kms").describe_key(KeyId=key)["KeyMetadata"], account.client("kms").get_key_policy
    return {
        "KeyId": told["KeyId"],
        "Arn": told["Arn"],
        "Enabled": told["Enabled"],
        "KeyPolicy": json.loads(policy(KeyId=key, PolicyName="default")["Policy"]),
    }


def _bucket(account: EmulatedAccount, bucket: str) -> dict[str, Any]:
    client = account.client("s3")
    client.head_bucket(Bucket=bucket)
    told = {key: _told(read, client, bucket) for key, read in BUCKET.items()}
    told["NotificationConfiguration"] = _notifications(account, bucket)
    return {"BucketName": bucket, **{key: value for key, value in told.items() if value}}


def _told(read: Told, client: Any, bucket: str) -> Any:
    """A property; None where the bucket has none."""
    try:
        return read(client, bucket)
    except ClientError as error:
        if says_gone(error):
            return None
        raise


def _notifications(account: EmulatedAccount, bucket: str) -> dict[str, Any]:
    """Without those by which an emulated service follows the bucket: AWS's services need none."""
    told = account.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    services = account.bucket_events.followers(bucket)
    found: dict[str, Any] = {}
    for word, (other, arn, member) in NOTIFIED.items():
        if others := [{member: each[arn]} for each in told.get(word, ()) if each[arn] not in services]:
            found[other] = others
    if "EventBridgeConfiguration" in told:
        found["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    return found


DESCRIBED: Mapping[str, Callable[[EmulatedAccount, str], dict[str, Any]]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::KMS::Key": _key,
}
"""How each type is described, by its identifier."""

FUNCTIONS: Mapping[str, Call] = {"aws:cloudcontrol/getResource:getResource": get_resource}
