"""What is known of each type of resource: the table `resource_types.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("resource_types.toml")


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One type of resource. The head of `resource_types.toml` explains the fields."""

    name: str
    why: str
    arn: str | None = None
    price: str | None = None
    holds: str = ""


@cache
def resource_types() -> Mapping[str, ResourceType]:
    """Every type that is known, in the order in which docs/resources.md lists them."""
    return {type_: ResourceType(**entry) for type_, entry in tomllib.loads(FILE.read_text()).items()}
