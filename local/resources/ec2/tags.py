"""Tags of EC2's resources, which have calls of their own."""

from collections.abc import Mapping
from typing import Any

from local.resources.words import tag_list, tags_of


def specified(kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The argument of a creating call."""
    tags = tag_list(inputs)
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def changed(client: Any, resource_id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Give a resource its new tags in place of its old ones."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    if gone := before.keys() - after.keys():
        client.delete_tags(Resources=[resource_id], Tags=[{"Key": key} for key in sorted(gone)])
    if before != after and after:
        client.create_tags(Resources=[resource_id], Tags=tag_list(new))


def told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The tags that an answer has, as a property."""
    return {"tags": tags_of(answer.get("Tags", ()))}
