"""What a change of a resource's inputs does to it: nothing, an update in place, or a replacement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.resources.facts import Facts
from local.resources.naming import is_chosen, without_defaults
from local.resources.values import UNKNOWN, is_absent, same

Kind = Literal["add", "update", "delete"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done."""

    changes: Mapping[str, Mapping[str, Kind]]
    """By property, the places where it differs, such as `environment.variables.NAME`."""
    replaces: frozenset[str]
    """The properties among them that replace the resource."""
    deleted_first: bool
    """Whether a replacement deletes before it creates."""

    def __bool__(self) -> bool:
        return bool(self.changes)


def plan(facts: Facts, old: Mapping[str, Any], new: Mapping[str, Any], ignored: frozenset[str] = frozenset()) -> Plan:
    """Compare the inputs of the last deployment, or what a refresh made of them, with those of the program."""
    before, after = without_defaults(old), without_defaults(new)
    changes: dict[str, Mapping[str, Kind]] = {}
    for key in sorted({*before, *after} - ignored):
        removed = is_absent(after.get(key))
        if (removed and key in facts.kept_when_removed) or same(before.get(key), after.get(key), key):
            continue
        changes[key] = dict(_differences(key, before.get(key), after.get(key)))
    replaces = facts.replaces & changes.keys()
    deleted_first = facts.deleted_first or is_chosen(facts.name, new)
    return Plan(changes=changes, replaces=replaces, deleted_first=bool(replaces) and deleted_first)


def wanted(facts: Facts, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of an update, with what AWS keeps where the program says nothing any more."""
    kept = {key: old[key] for key in facts.kept_when_removed if is_absent(new.get(key)) and key in old}
    return {**without_defaults(new), **kept}


def foreseen(facts: Facts, old: Mapping[str, Any], new: Mapping[str, Any], changed: frozenset[str]) -> dict[str, Any]:
    """The outputs that a preview can tell of an update of `changed` properties. `old` are the resource's outputs."""
    outputs = {**old, **wanted(facts, old, new)}
    for each in facts.unknown_after_update:
        if each.inputs & changed and all(new.get(key) == value for key, value in each.only_with.items()):
            outputs |= dict.fromkeys(each.outputs, UNKNOWN)
    return outputs


def _differences(path: str, before: Any, after: Any) -> Iterator[tuple[str, Kind]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            if not same(before.get(key), after.get(key), key):
                yield from _differences(f"{path}{_step(key)}", before.get(key), after.get(key))
    else:
        yield path, "add" if is_absent(before) else "delete" if is_absent(after) else "update"


def _step(key: str) -> str:
    return f".{key}" if key.replace("_", "").isalnum() else f'["{key}"]'
