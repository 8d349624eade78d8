"""What the AWS provider is known to do with each type, read from `provider_facts.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FACTS = Path(__file__).with_name("provider_facts.toml")


class Name(NamedTuple):
    """The property that the provider fills with a name of its own making."""

    property: str
    longest: int
    """In characters."""


@dataclass(frozen=True, kw_only=True)
class UnknownAfterUpdate:
    """Outputs that an update changes in a way that no preview can foresee."""

    outputs: tuple[str, ...]
    inputs: frozenset[str]
    """The properties whose change does it."""
    only_with: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Values that further inputs must have for it."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One type."""

    name: Name | None = None
    replaces: frozenset[str] = frozenset()
    kept_when_removed: frozenset[str] = frozenset()
    unknown_after_update: tuple[UnknownAfterUpdate, ...] = ()
    deleted_first: bool = False


def facts_of(pulumi_type: str) -> Facts:
    """The facts about a type such as `aws:s3/bucket:Bucket`; for one that the file does not list, that nothing
    replaces it and the provider makes no name for it."""
    return _all_facts().get(pulumi_type, Facts())


@cache
def _all_facts() -> Mapping[str, Facts]:
    document = tomllib.loads(FACTS.read_text(encoding="utf-8"))
    return {pulumi_type: _read(entry) for pulumi_type, entry in document["types"].items()}


def _read(entry: Mapping[str, Any]) -> Facts:
    return Facts(
        name=Name(**entry["name"]) if "name" in entry else None,
        replaces=frozenset(entry.get("replaces", ())),
        kept_when_removed=frozenset(entry.get("kept_when_removed", ())),
        unknown_after_update=tuple(
            UnknownAfterUpdate(
                outputs=tuple(each["outputs"]),
                inputs=frozenset(each["inputs"]),
                only_with=each.get("only_with", {}),
            )
            for each in entry.get("unknown_after_update", ())
        ),
        deleted_first=entry.get("deleted_first", False),
    )
