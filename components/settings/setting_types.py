"""The kinds of value that a setting may have: each reads the text that Pulumi gives. Imports no Pulumi."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[T]):
    """How a setting's text becomes its value."""

    schema_type: str
    """The type in Pulumi.yaml: string, integer, boolean, array (of strings) or object."""
    allowed: str
    """What is allowed, completing the sentence "allowed is …"."""
    parse: Callable[[str], T]
    """Text to value. Raises ValueError, whose message completes the sentence "'text' …"."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What the schema in Pulumi.yaml says of one setting."""

    kind: Kind[Any]
    written_default: Any
    description: str


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One mistake of a configuration, or one thing that it had better not ask for."""

    keys: tuple[str, ...]
    message: str
    """What is wrong, what is allowed and the way out."""

    def __str__(self) -> str:
        return f"{', '.join(self.keys)}: {self.message}"


def setting(kind: Kind[T], written_default: Any, description: str) -> Any:
    """A dataclass field whose default is what Pulumi.yaml writes as the default, read like any other value."""
    text = written_default if isinstance(written_default, str) else json.dumps(written_default)
    spec = Spec(kind=kind, written_default=written_default, description=description)
    return field(default_factory=lambda: kind.parse(text), metadata={"spec": spec})


def key_of(field_name: str) -> str:
    """The configuration key of a field: memory_mib is memoryMib."""
    head, *rest = field_name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def choice(options: Sequence[str]) -> Kind[Any]:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in options:
            raise ValueError("is none of them")
        return text

    return Kind(schema_type="string", allowed=" or ".join(options), parse=parse)


def integer(lowest: int, highest: int, unit: str, *, absent: int | None = None) -> Kind[Any]:
    """A whole number within bounds; `absent` is a further number that stands for "not set" and reads as None."""

    def parse(text: str) -> int | None:
        try:
            value = int(text)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if absent is not None and value == absent:
            return None
        if not lowest <= value <= highest:
            raise ValueError(f"is too {'small' if value < lowest else 'large'}")
        return value

    allowed = f"{lowest} to {highest} {unit}" + ("" if absent is None else f", or {absent} for none")
    return Kind(schema_type="integer", allowed=allowed, parse=parse)


def one_of(numbers: Sequence[int], unit: str) -> Kind[int]:
    """One of the numbers that AWS allows."""

    def parse(text: str) -> int:
        if text not in map(str, numbers):
            raise ValueError("is none of them")
        return int(text)

    return Kind(schema_type="integer", allowed=f"{', '.join(map(str, numbers))} {unit}", parse=parse)


def flag() -> Kind[bool]:
    """True or false."""

    def parse(text: str) -> bool:
        if text not in ("true", "false"):
            raise ValueError("is neither")
        return text == "true"

    return Kind(schema_type="boolean", allowed="true or false", parse=parse)


def path() -> Kind[str]:
    """A path, relative to the project's directory unless it is absolute."""

    def parse(text: str) -> str:
        if not text.strip():
            raise ValueError("is empty")
        return text

    return Kind(schema_type="string", allowed="the path of a directory", parse=parse)


def text(pattern: re.Pattern[str], allowed: str, *, absent: str | None = None) -> Kind[Any]:
    """Text that matches a pattern whole; `absent` is a further text that stands for "not set" and reads as None."""

    def parse(value: str) -> str | None:
        if absent is not None and value == absent:
            return None
        if not pattern.fullmatch(value):
            raise ValueError("is not one")
        return value

    return Kind(
        schema_type="string", allowed=allowed if absent is None else f"{allowed}, or {absent!r} for none", parse=parse
    )


def texts(pattern: re.Pattern[str], allowed: str) -> Kind[tuple[str, ...]]:
    """A list of distinct texts that each match a pattern whole, as the JSON array that Pulumi makes of a list."""

    def parse(value: str) -> tuple[str, ...]:
        values = _list_of_texts(value)
        if malformed := [each for each in values if not pattern.fullmatch(each)]:
            raise ValueError(f"has {malformed}, which cannot be right")
        return values

    return Kind(schema_type="array", allowed=f"a list of distinct {allowed}", parse=parse)


def names(pattern: re.Pattern[str], *, example: str) -> Kind[tuple[str, ...]]:
    """A list of distinct names, as the JSON array that Pulumi makes of a list."""
    allowed = f"a list of distinct names of letters, digits, '-' and '_' ({example})"

    def parse(text: str) -> tuple[str, ...]:
        values = _list_of_texts(text)
        if malformed := [value for value in values if not pattern.fullmatch(value)]:
            raise ValueError(f"has {malformed}, which cannot be names")
        return values

    return Kind(schema_type="array", allowed=allowed, parse=parse)


def texts_by_name(name: re.Pattern[str], value: re.Pattern[str], allowed: str) -> Kind[Mapping[str, str]]:
    """Texts by name, as the JSON object that Pulumi makes of a map."""

    def parse(text: str) -> Mapping[str, str]:
        values = {key: _as_text(each) for key, each in _object(text).items()}
        if malformed := [key for key in values if not name.fullmatch(key) or not value.fullmatch(values[key])]:
            raise ValueError(f"has {malformed}, which cannot be right")
        return values

    return Kind(schema_type="object", allowed=allowed, parse=parse)


def table(kinds: Mapping[str, Kind[Any]], *, required: Sequence[str], of: str) -> Kind[Mapping[str, Mapping[str, Any]]]:
    """Rows by name, each with values by key; a key that is not required may be absent from a row."""

    def parse_row(name: str, row: object) -> Mapping[str, Any]:
        if not isinstance(row, dict):
            raise ValueError(f"has {name}, which is not a map of values by key")
        values: dict[str, Any] = {}
        for key, value in row.items():
            if key not in kinds:
                raise ValueError(f"has {name}.{key}, which is none of {', '.join(kinds)}")
            try:
                values[key] = kinds[key].parse(_as_text(value))
            except ValueError as error:
                raise ValueError(f"has {name}.{key}: {value!r} {error}; allowed is {kinds[key].allowed}") from None
        if missing := [key for key in required if key not in values]:
            raise ValueError(f"has {name}, which lacks {' and '.join(missing)}")
        return values

    def parse(text: str) -> Mapping[str, Mapping[str, Any]]:
        return {name: parse_row(name, row) for name, row in _object(text).items()}

    return Kind(schema_type="object", allowed=f"{of}, each with some of {', '.join(kinds)}", parse=parse)


def image_by_digest() -> Kind[str | None]:
    """An image's digest reference; empty reads as None."""
    allowed = "repository@sha256: and 64 hexadecimal digits, or nothing to build the image"

    def parse(text: str) -> str | None:
        if not text:
            return None
        if re.fullmatch(r"[^\s@]+@sha256:[0-9a-f]{64}", text):
            if re.search(r":[^/:@]+@", text):
                raise ValueError("has a tag beside its digest, which Lambda refuses; leave the tag out")
            return text
        if "@" not in text:
            raise ValueError(
                "names an image by tag; Lambda looks a tag up once, so that a later push under it changes nothing and "
                "nobody can tell what runs. `docker inspect --format '{{index .RepoDigests 0}}' IMAGE` tells the digest"
            )
        raise ValueError("is not an image's digest reference")

    return Kind(schema_type="string", allowed=allowed, parse=parse)


def _list_of_texts(text: str) -> tuple[str, ...]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("is not a list of names")
    if repeated := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"names {repeated} more than once")
    return tuple(values)


def _object(text: str) -> Mapping[str, Any]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ValueError("is not a map")
    return values


def _as_text(value: object) -> str:
    """A value inside a map as Pulumi would give it on its own: `pulumi config set --path` writes numbers as numbers."""
    return value if isinstance(value, str) else json.dumps(value)
