"""What AWS says of the bucket that `modelBucket` names. It is only read."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pulumi_aws as aws

from components.absence import in_one_line, is_absent
from components.configuration.rules.model_bucket import FoundBucket
from components.settings.storage_settings import BUCKET_PREFIX

T = TypeVar("T")

MOST_KEYS = 100_000
"""How many objects are looked at to find what one bucket has and another lacks."""


class NoBucketError(Exception):
    """AWS does not show the bucket. The message is AWS's."""


def found_bucket(name: str, made_by: Mapping[str, str]) -> FoundBucket:
    """Look at a bucket. `made_by`: the tag of everything that this stack made.

    Raises NoBucketError if AWS does not show the bucket or its properties.
    """
    try:
        region = aws.s3.get_bucket(bucket=name).bucket_region
        described = aws.cloudcontrol.get_resource(type_name="AWS::S3::Bucket", identifier=name)
        made = _made(made_by)
    except Exception as error:  # the SDK raises nothing narrower where AWS refuses
        raise NoBucketError(str(error)) from error
    properties = json.loads(described.properties)
    own, unread = _keys_of(made)
    keys, unread_itself = _keys_of([name]) if own else ({}, {})
    return FoundBucket(
        name=name,
        region=region,
        properties=properties,
        policy=_or_else("{}", lambda: aws.s3.get_bucket_policy(bucket=name).policy) or "{}",
        notified=[each for each in _notified(properties) if not _is_own_or_gone(each, made_by)],
        own=own,
        unread=unread,
        keys=keys.get(name, frozenset()),
        unread_itself=unread_itself.get(name, ""),
    )


def _made(made_by: Mapping[str, str]) -> list[str]:
    """The buckets that the stack made, some of which may be gone: AWS forgets tags later than buckets."""
    filters: list[aws.resourcegroupstaggingapi.GetResourcesTagFilterArgsDict] = [
        {"key": key, "values": [value]} for key, value in made_by.items()
    ]
    tagged = aws.resourcegroupstaggingapi.get_resources(tag_filters=filters, resource_type_filters=["s3"])
    arns = [each.resource_arn for each in tagged.resource_tag_mapping_lists]
    return [found[1] for arn in arns if (found := re.fullmatch(r"arn:[\w-]+:s3:::([^/]+)", arn))]


def _keys_of(buckets: Sequence[str]) -> tuple[Mapping[str, frozenset[str]], Mapping[str, str]]:
    """The keys in each of these buckets that is still there, and of those that may not be read what AWS says."""
    keys, unread = dict[str, frozenset[str]](), dict[str, str]()
    for bucket in buckets:
        try:
            keys[bucket] = _keys(bucket)
        except Exception as error:
            if not is_absent(error):
                unread[bucket] = in_one_line(error)
    return keys, unread


def _keys(bucket: str) -> frozenset[str]:
    """The keys of a bucket's models."""
    return frozenset(aws.s3.get_objects(bucket=bucket, prefix=f"{BUCKET_PREFIX}/", max_keys=MOST_KEYS).keys)


def _notified(properties: Mapping[str, Any]) -> Iterator[str]:
    notifications: Mapping[str, Any] = properties.get("NotificationConfiguration", {})
    for kind in ("Lambda:Function", "Queue:Queue", "Topic:Topic"):
        word, _, member = kind.partition(":")
        yield from dict.fromkeys(each[member] for each in notifications.get(f"{word}Configurations", ()))
    if notifications.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled"):
        yield "EventBridge"


def _is_own_or_gone(notified: str, made_by: Mapping[str, str]) -> bool:
    """Whether it is a function that this stack made, or one that is not there any more. One that may not be read is
    somebody else's."""
    if ":function:" not in notified:
        return False
    name = notified.split(":")[6]
    try:
        return made_by.items() <= aws.lambda_.get_function(function_name=name).tags.items()
    except Exception as error:
        return is_absent(error)


def _or_else(absent: T, call: Callable[[], T]) -> T:
    """What a lookup gives; `absent` where AWS refuses it."""
    try:
        return call()
    except Exception:
        return absent
