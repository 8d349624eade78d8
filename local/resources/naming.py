"""Names that the provider makes: the resource's own name in the program, a hyphen and seven hexadecimal digits."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from local.resources.facts import Name
from local.resources.values import is_absent

DEFAULTS = "__defaults"
"""The input that lists what the provider filled in. It tells a made name from one that the program chose."""

DIGITS = 7


class NameTooLong(ValueError):
    """A made name would exceed the service's limit; the message has both."""


def with_name(
    name: Name | None, logical: str, inputs: Mapping[str, Any], old: Mapping[str, Any] | None, seed: bytes = b""
) -> dict[str, Any]:
    """The inputs, with a name where the program left it out: the old inputs' made name, or a new one.

    `seed` decides the random digits, so that the plan and its execution agree; without one they are random. Raises
    NameTooLong.
    """
    named = dict(inputs)
    made: list[str] = []
    if name and is_absent(inputs.get(name.property)):
        made.append(name.property)
        kept = old is not None and name.property in old.get(DEFAULTS, ())
        named[name.property] = old[name.property] if old and kept else _made(name, logical, inputs, seed)
    return {**named, DEFAULTS: made}


def is_chosen(name: Name | None, inputs: Mapping[str, Any]) -> bool:
    """Whether the program chose the name of a resource whose name the provider would make."""
    return name is not None and name.property in inputs and name.property not in inputs.get(DEFAULTS, ())


def without_defaults(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties without the list of what the provider filled in."""
    return {key: value for key, value in properties.items() if key != DEFAULTS}


def _made(name: Name, logical: str, inputs: Mapping[str, Any], seed: bytes) -> str:
    prefix = inputs.get(f"{name.property}Prefix") or f"{logical}-"
    if len(prefix) + DIGITS > name.longest:
        raise NameTooLong(
            f"the name {prefix!r} and {DIGITS} random digits have {len(prefix) + DIGITS} characters; "
            f"{name.property} takes {name.longest}. Choose a shorter name."
        )
    digits = hashlib.blake2b(seed).hexdigest() if seed else secrets.token_hex(DIGITS)
    return prefix + digits[:DIGITS]
