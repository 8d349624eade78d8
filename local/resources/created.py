"""What a resource function returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.resources.account import EmulatedAccount


@dataclass(frozen=True)
class Created:
    """A resource that exists now."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the real provider computes, by its camelCase names. Inputs need no mention: they come back as outputs."""


Create = Callable[[EmulatedAccount, str, dict[str, Any]], Created]
"""Creates a resource from its logical name and its inputs, which have the provider's camelCase names."""

Call = Callable[[EmulatedAccount, dict[str, Any]], dict[str, Any]]
"""Answers a provider function, such as `getObject`."""
