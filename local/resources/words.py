"""Pulumi's camelCase names in AWS's own spelling, and back."""

from collections.abc import Iterable, Mapping
from typing import Any


def capital(key: str) -> str:
    """`memorySize` as most of AWS's APIs spell it: `MemorySize`."""
    return key[:1].upper() + key[1:]


def camel(key: str) -> str:
    """`MemorySize` as the provider spells it: `memorySize`."""
    return key[:1].lower() + key[1:]


def capitalized(value: Any) -> Any:
    """A nested input with every key capitalized."""
    return _spelt(value, capital)


def camelized(value: Any) -> Any:
    """A nested answer with every key in camelCase."""
    return _spelt(value, camel)


def chosen(inputs: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Those of the inputs that are given, as arguments of a call: key and nested keys capitalized."""
    return {capital(key): capitalized(inputs[key]) for key in keys if inputs.get(key) is not None}


def answered(answer: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """What an answer says of these properties, in the provider's words; none for what it leaves out."""
    return {key: camelized(answer[capital(key)]) for key in keys if capital(key) in answer}


def tag_list(inputs: Mapping[str, Any], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """A resource's tags as most of AWS's APIs take them; `key` and `value` are the API's words."""
    return [{key: name, value: text} for name, text in (inputs.get("tags") or {}).items()]


def tag_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """What to do to a resource's tags: the keys to take away, and the tags to give; none where nothing differs."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    return sorted(before.keys() - after.keys()), dict(after) if before != after else {}


def tags_of(tags: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as the provider has them."""
    return {each[key]: each[value] for each in tags}


def _spelt(value: Any, spell: Any) -> Any:
    if isinstance(value, Mapping):
        return {spell(str(key)): _spelt(item, spell) for key, item in value.items()}
    if isinstance(value, list):
        return [_spelt(item, spell) for item in value]
    return value
