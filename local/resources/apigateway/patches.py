"""Patch operations, by which REST APIs are changed."""

import json
from collections.abc import Mapping
from typing import Any

from local.resources.words import tag_changes


def replace(path: str, value: Any) -> dict[str, str]:
    """Set a value. What is no text is sent as JSON has it."""
    return {"op": "replace", "path": path, "value": value if isinstance(value, str) else json.dumps(value)}


def remove(path: str, value: str | None = None) -> dict[str, str]:
    """Take a value away, or one of several."""
    return {"op": "remove", "path": path} | ({} if value is None else {"value": value})


def retag(gateway: Any, arn: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Give a resource its new tags in place of its old ones."""
    gone, given = tag_changes(old, new)
    if gone:
        gateway.untag_resource(resourceArn=arn, tagKeys=gone)
    if given:
        gateway.tag_resource(resourceArn=arn, tags=given)
