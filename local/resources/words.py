"""Pulumi's camelCase names in AWS's own spelling."""

from collections.abc import Mapping
from typing import Any


def capitalized(value: Any) -> Any:
    """A nested input with every key capitalized, as most of AWS's APIs spell them, and numbers whole where they are:
    what comes through Pulumi's protocol is a float."""
    if isinstance(value, Mapping):
        return {str(key)[0].upper() + str(key)[1:]: capitalized(item) for key, item in value.items()}
    if isinstance(value, list):
        return [capitalized(item) for item in value]
    return whole(value)


def whole(value: Any) -> Any:
    """An integer for a float without a fraction."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def tag_list(inputs: Mapping[str, Any], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """A resource's tags as most of AWS's APIs take them; `key` and `value` are the API's words."""
    return [{key: name, value: text} for name, text in (inputs.get("tags") or {}).items()]
