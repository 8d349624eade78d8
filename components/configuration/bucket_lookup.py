"""What AWS says of the bucket that `modelBucket` names. It is only read."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import pulumi_aws as aws

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
    own = {each: _keys(each) for each in made}
    return FoundBucket(
        name=name,
        region=region,
        properties=properties,
        policy=_or_else("{}", lambda: aws.s3.get_bucket_policy(bucket=name).policy) or "{}",
        notified=[each for each in _notified(properties) if not _is_own_or_gone(each, made_by)],
        own={each: keys for each, keys in own.items() if keys is not None},
        keys=(_keys(name) if own else None) or frozenset(),
    )


def _made(made_by: Mapping[str, str]) -> list[str]:
    """The buckets that the stack made, some of which may be gone: AWS forgets tags later than buckets."""
    filters: list[aws.resourcegroupstaggingapi.GetResourcesTagFilterArgsDict] = [
        {"key": key, "values": [value]} for key, value in made_by.items()
    ]
    tagged = aws.resourcegroupstaggingapi.get_resources(tag_filters=filters, resource_type_filters=["s3"])
    arns = [each.resource_arn for each in tagged.resource_tag_mapping_lists]
    return [found[1] for arn in arns if (found := re.fullmatch(r"arn:[\w-]+:s3:::([^/]+)", arn))]


def _keys(bucket: str) -> frozenset[str] | None:
    """The keys of a bucket's models; None where the bucket is gone."""
    listed = _or_else(None, lambda: aws.s3.get_objects(bucket=bucket, prefix=f"{BUCKET_PREFIX}/", max_keys=MOST_KEYS))
    return None if listed is None else frozenset(listed.keys)


def _notified(properties: Mapping[str, Any]) -> Iterator[str]:
    notifications: Mapping[str, Any] = properties.get("NotificationConfiguration", {})
    for kind in ("Lambda:Function", "Queue:Queue", "Topic:Topic"):
        word, _, member = kind.partition(":")
        yield from dict.fromkeys(each[member] for each in notifications.get(f"{word}Configurations", ()))
    if notifications.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled"):
        yield "EventBridge"


def _is_own_or_gone(notified: str, made_by: Mapping[str, str]) -> bool:
    """Whether it is a function that this stack made, or one that is not there any more."""
    if ":function:" not in notified:
        return False
    name = notified.split(":")[6]
    function = _or_else(None, lambda: aws.lambda_.get_function(function_name=name))
    return function is None or made_by.items() <= function.tags.items()


def _or_else(absent: T, call: Callable[[], T]) -> T:
    """What a lookup gives; `absent` where AWS refuses it."""
    try:
        return call()
    except Exception:
        return absent
