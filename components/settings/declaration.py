"""How a setting is declared: its kind of value and its default. Pulumi.yaml says what it means. Imports no Pulumi."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[T]):
    """How a setting's text becomes its value."""

    schema_type: str
    """The type in Pulumi.yaml: string, integer, boolean, array (of strings) or object."""
    allowed: str
    """What is allowed. It completes the sentence "allowed is …"."""
    parse: Callable[[str], T]
    """Turns text into a value. Raises ValueError, whose message completes the sentence "'text' …"."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What Pulumi.yaml must say of a setting, too."""

    kind: Kind[Any]
    written_default: object


def setting(kind: Kind[T], written_default: object) -> T:
    """A dataclass field for a setting. Its default is read from the default in Pulumi.yaml, like any other value."""
    text = written_default if isinstance(written_default, str) else json.dumps(written_default)
    spec = Spec(kind=kind, written_default=written_default)
    return field(default_factory=lambda: kind.parse(text), metadata={"spec": spec})


def optional_setting(kind: Kind[T], *, absent: int | str) -> T | None:
    """The same for a setting that may be left out: its default, `absent`, stands for "not set" and is read as None."""

    def parse(text: str) -> T | None:
        return None if text == str(absent) else kind.parse(text)

    allowed = f"{kind.allowed}, or {absent!r} for none"
    return setting(Kind(schema_type=kind.schema_type, allowed=allowed, parse=parse), absent)


def key_of(field_name: str) -> str:
    """The configuration key of a field: memory_mib becomes memoryMib."""
    head, *rest = field_name.split("_")
    return head + "".join(word.capitalize() for word in rest)
