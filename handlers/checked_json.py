"""JSON documents that others wrote: each value is checked where it is read. Standard library only."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

LARGEST_INTEGER = (1 << 63) - 1
"""The largest integer that every engine and every client can hold."""


class ManifestError(ValueError):
    """A document of the model repository is malformed. The message says where, and what is allowed."""


class Fields:
    """The fields of an object. Each method raises ManifestError if the field is absent or is not what it reads.

    Args:
        value: what should be an object.
        where: what error messages call it.
    """

    def __init__(self, value: Any, where: str) -> None:
        if type(value) is not dict:
            raise ManifestError(f"{where} is {_shown(value)}; it must be an object")
        self.value: dict[str, Any] = value
        self._where = where

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def get(self, key: str) -> Any:
        """The value of a field, unchecked."""
        if key not in self.value:
            raise ManifestError(f"{self._where} lacks the key {key!r}")
        return self.value[key]

    def text(self, key: str) -> str:
        """A text without NUL that UTF-8 can hold."""
        value = self.get(key)
        if not _is_text(value):
            raise self.error(key, value, "a text without NUL")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of such texts."""
        return tuple(self._list(key, _is_text, "a list of texts without NUL"))

    def integer(self, key: str, least: int) -> int:
        """An integer from `least` up."""
        value = self.get(key)
        if not _is_integer(value, least):
            raise self.error(key, value, f"an integer from {least} up")
        return value

    def integers(self, key: str, least: int) -> tuple[int, ...]:
        """A list of such integers."""
        return tuple(self._list(key, lambda value: _is_integer(value, least), f"a list of integers from {least} up"))

    def number(self, key: str) -> float:
        """A finite number from 0 up."""
        value = self.get(key)
        if type(value) not in (int, float) or not 0 <= value < float("inf"):
            raise self.error(key, value, "a number from 0 up")
        return value

    def object(self, key: str) -> "Fields":
        """An object."""
        return Fields(self.get(key), f"{key!r} of {self._where}")

    def many(self, key: str, read: "Callable[[Fields], T]") -> tuple[T, ...]:
        """What `read` makes of each object in a list."""
        values = self._list(key, lambda value: type(value) is dict, "a list of objects")
        return tuple(read(Fields(value, f"an item of {key!r} of {self._where}")) for value in values)

    def named(self, key: str, read: "Callable[[Fields], T]") -> dict[str, T]:
        """What `read` makes of each object in an object. The names are texts without NUL."""
        inside = self.object(key)
        for name in inside.value:
            if not _is_text(name):
                raise self.error(key, name, "an object whose keys hold no NUL")
        return {name: read(inside.object(name)) for name in inside.value}

    def error(self, key: str, value: Any, allowed: str) -> ManifestError:
        """The error that a field has a value which is not allowed."""
        return ManifestError(f"{self._where} has {_shown(value)} as {key!r}; allowed is {allowed}")

    def _list(self, key: str, test: Callable[[Any], bool], allowed: str) -> Sequence[Any]:
        value = self.get(key)
        if type(value) is not list or not all(map(test, value)):
            raise self.error(key, value, allowed)
        return value


def read_object(content: str | bytes, name: str, limit: int) -> Fields:
    """The fields of a document that is an object. Raises ManifestError.

    Args:
        content: the document.
        name: what error messages call it.
        limit: the largest size that is accepted, in bytes.
    """
    if len(content) > limit:
        raise ManifestError(f"{name} has more than {limit} bytes, the most that is accepted")
    try:
        return Fields(json.loads(content), name)
    except ManifestError:
        raise
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{name} is not JSON: {error}") from None


def _is_text(value: Any) -> bool:
    if type(value) is not str or "\0" in value:
        return False
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def _is_integer(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= LARGEST_INTEGER


def _shown(value: Any) -> str:
    """A value in an error message: in ASCII, and shortened."""
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
