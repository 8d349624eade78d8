"""S3's rules: names that a bucket may have, and notifications that reach somebody."""

import json
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Any

from botocore.exceptions import ClientError

from local.gateway_permissions import function_name
from local.resources.account import EmulatedAccount
from local.resources.refusals import refused

BUCKET = re.compile(r"(?!xn--)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

POLICY_BYTES = 20_480

NOTIFICATION = "PutBucketNotificationConfiguration"

OF_S3 = "s3.amazonaws.com"
"""The principal that S3 is where it calls a function."""


def of_bucket(name: str) -> None:
    """A bucket's name."""
    if not BUCKET.fullmatch(name):
        raise refused("CreateBucket", "InvalidBucketName", "The specified bucket is not valid.")


def of_bucket_policy(policy: str) -> None:
    """A bucket's policy is a JSON document within its limit."""
    try:
        json.loads(policy)
    except ValueError:
        message = "Policies must be valid JSON and the first byte must be '{'"
        raise refused("PutBucketPolicy", "MalformedPolicy", message) from None
    if len(policy.encode()) > POLICY_BYTES:
        message = f"Your policy has {len(policy.encode())} bytes; the maximum is {POLICY_BYTES}."
        raise refused("PutBucketPolicy", "PolicyTooLarge", message)


def of_notifications(account: EmulatedAccount, bucket: str, functions: Sequence[Mapping[str, Any]]) -> None:
    """A notification goes to functions that let S3 call them for this bucket, and an event to one of them."""
    for each in functions:
        if not _may_be_called(account, each["lambdaFunctionArn"], f"arn:aws:s3:::{bucket}"):
            message = "Unable to validate the following destination configurations"
            raise refused(NOTIFICATION, "InvalidArgument", message)
    for one, other in combinations(functions, 2):
        if set(_events(one)) & set(_events(other)) and _overlap(one, other):
            message = (
                "Configurations overlap. Configurations on the same bucket cannot share a common event type with "
                "overlapping prefixes and suffixes."
            )
            raise refused(NOTIFICATION, "InvalidArgument", message)


def _may_be_called(account: EmulatedAccount, arn: str, bucket_arn: str) -> bool:
    """Whether S3 sees a permission to call a function for a bucket."""
    try:
        policy = account.client("lambda").get_policy(FunctionName=arn)["Policy"]
    except ClientError:
        return False
    return any(
        each.get("Principal") in ("*", {"Service": OF_S3})
        and fnmatchcase(bucket_arn, each.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*"))
        and account.bucket_events.sees(function_name(arn), each["Sid"])
        for each in json.loads(policy)["Statement"]
    )


def _events(notification: Mapping[str, Any]) -> list[str]:
    return [event.rstrip("*") for event in notification["events"]]


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    prefixes = [each.get("filterPrefix") or "" for each in (one, other)]
    suffixes = [each.get("filterSuffix") or "" for each in (one, other)]
    return (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])) and (
        suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0])
    )
