"""Tags of EC2's resources, which have calls of their own."""

from collections.abc import Mapping
from typing import Any

from local.resources.words import tag_changes, tag_list, tags_of


def specified(kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The argument of a creating call."""
    tags = tag_list(inputs)
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def changed(client: Any, resource_id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Give a resource its new tags in place of its old ones."""
    gone, given = tag_changes(old, new)
    if gone:
        client.delete_tags(Resources=[resource_id], Tags=[{"Key": key} for key in gone])
    if given:
        client.create_tags(Resources=[resource_id], Tags=tag_list({"tags": given}))


def told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The tags that an answer has, as a property."""
    return {"tags": tags_of(answer.get("Tags", ()))}
