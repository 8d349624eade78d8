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
