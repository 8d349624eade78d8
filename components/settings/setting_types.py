"""The kinds of value that a setting may have: each reads the text that Pulumi gives. Imports no Pulumi."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.settings.declaration import Kind


def choice(options: Sequence[str]) -> Kind[Any]:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in options:
            raise ValueError("is not valid")
        return text

    return Kind(schema_type="string", allowed=" or ".join(options), parse=parse)


def integer(lowest: int, highest: int, unit: str) -> Kind[int]:
    """A whole number from `lowest` to `highest`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if not lowest <= value <= highest:
            raise ValueError(f"is too {'small' if value < lowest else 'large'}")
        return value

    return Kind(schema_type="integer", allowed=f"{lowest} to {highest} {unit}", parse=parse)


def one_of(numbers: Sequence[int], unit: str) -> Kind[int]:
    """One of the numbers that AWS allows."""

    def parse(text: str) -> int:
        if text not in map(str, numbers):
            raise ValueError("is not valid")
        return int(text)

    return Kind(schema_type="integer", allowed=f"{', '.join(map(str, numbers))} {unit}", parse=parse)


def flag() -> Kind[bool]:
    """True or false."""

    def parse(text: str) -> bool:
        if text not in ("true", "false"):
            raise ValueError("is not valid")
        return text == "true"

    return Kind(schema_type="boolean", allowed="true or false", parse=parse)


def path() -> Kind[str]:
    """A directory's path: absolute, or relative to the project's directory."""

    def parse(text: str) -> str:
        if not text.strip():
            raise ValueError("is empty")
        return text

    return Kind(schema_type="string", allowed="the path of a directory", parse=parse)


def text(pattern: re.Pattern[str], allowed: str) -> Kind[str]:
    """Text that the whole pattern matches."""

    def parse(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError("is not valid")
        return value

    return Kind(schema_type="string", allowed=allowed, parse=parse)


def arn(service: str, resource: str, of: str) -> Kind[str]:
    """The ARN of an AWS resource. `resource` matches the part after the account."""
    return text(re.compile(rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:{resource}"), f"the ARN of {of}")


def texts(pattern: re.Pattern[str], allowed: str) -> Kind[tuple[str, ...]]:
    """A list of distinct texts, each of which the whole pattern matches. Pulumi gives a list as a JSON array."""

    def parse(value: str) -> tuple[str, ...]:
        values = _list_of_texts(value)
        if malformed := [each for each in values if not pattern.fullmatch(each)]:
            raise ValueError(f"has {malformed}, which is not valid")
        return values

    return Kind(schema_type="array", allowed=f"a list of distinct {allowed}", parse=parse)


def texts_by_name(name: re.Pattern[str], value: re.Pattern[str], allowed: str) -> Kind[Mapping[str, str]]:
    """Texts by name. Pulumi gives a map as a JSON object."""

    def parse(text: str) -> Mapping[str, str]:
        values = {key: _as_text(each) for key, each in _object(text).items()}
        if malformed := [key for key in values if not name.fullmatch(key) or not value.fullmatch(values[key])]:
            raise ValueError(f"has {malformed}, which is not valid")
        return values

    return Kind(schema_type="object", allowed=allowed, parse=parse)


def table(kinds: Mapping[str, Kind[Any]], *, required: Sequence[str], of: str) -> Kind[Mapping[str, Any]]:
    """Rows by name. A row has values by key; it may leave out every key that is not in `required`."""

    def parse_row(name: str, row: object) -> Mapping[str, Any]:
        if not isinstance(row, dict):
            raise ValueError(f"has {name}, which is not a map of values by key")
        values: dict[str, Any] = {}
        for key, value in row.items():
            if key not in kinds:
                raise ValueError(f"has {name}.{key}, which is not one of {', '.join(kinds)}")
            try:
                values[key] = kinds[key].parse(_as_text(value))
            except ValueError as error:
                raise ValueError(f"has {name}.{key}: {value!r} {error}; allowed is {kinds[key].allowed}") from None
        if missing := [key for key in required if key not in values]:
            raise ValueError(f"has {name}, which lacks {' and '.join(missing)}")
        return values

    def parse(text: str) -> Mapping[str, Any]:
        return {name: parse_row(name, row) for name, row in _object(text).items()}

    return Kind(schema_type="object", allowed=f"{of}, each with some of {', '.join(kinds)}", parse=parse)


def image_by_digest() -> Kind[str]:
    """An image by its digest."""

    def parse(text: str) -> str:
        if re.fullmatch(r"[^\s@]+@sha256:[0-9a-f]{64}", text):
            if re.search(r":[^/:@]+@", text):
                raise ValueError("has a tag beside its digest, which Lambda refuses; leave the tag out")
            return text
        if "@" not in text:
            raise ValueError(
                "names an image by tag; Lambda looks a tag up once and misses every later push; "
                "`docker inspect --format '{{index .RepoDigests 0}}' IMAGE` shows the digest"
            )
        raise ValueError("is not valid")

    return Kind(schema_type="string", allowed="repository@sha256: and 64 hexadecimal digits", parse=parse)


def _list_of_texts(text: str) -> tuple[str, ...]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("is not a list of texts")
    if repeated := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"has {repeated} more than once")
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
    """The text that Pulumi would give for this value. `pulumi config set --path` writes numbers in a map as numbers."""
    return value if isinstance(value, str) else json.dumps(value)
