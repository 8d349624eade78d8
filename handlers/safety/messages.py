"""Reads messages of protocol buffers so that no other reader can see something else in them.

TensorFlow's own reader merges a message that is written twice, and takes the last of two values. No program that saves
models writes such bytes, so here they are refused.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from handlers.serving.wire_format import LENGTH, MetaGraphError, as_text, fields

Read = Callable[[memoryview], Any]
"""Makes a value from the bytes of a field."""


_EMPTY = memoryview(b"")


class Field(NamedTuple):
    """A field that is read."""

    name: str
    read: Read
    shape: Literal["one", "many", "table"] = "one"
    """A table maps texts to values."""
    choice: str = ""
    """A message has at most one of the fields that share a choice."""


class Message:
    """A message: its fields are attributes. A class gives the values of absent fields.

    Raises MetaGraphError if the bytes are no such message, or could be read in two ways.
    """

    FIELDS: ClassVar[Mapping[int, Field]]

    def __init__(self, content: memoryview = _EMPTY) -> None:
        found, chosen = vars(self), dict[str, str]()
        for number, value in _fields(content, self.FIELDS):
            field = self.FIELDS[number]
            if field.choice and chosen.setdefault(field.choice, field.name) != field.name:
                raise MetaGraphError(f"a {type(self).__name__} has both {chosen[field.choice]} and {field.name}")
            if field.shape == "many":
                found.setdefault(field.name, []).append(field.read(value))
            elif field.shape == "table":
                self._add_entry(found.setdefault(field.name, {}), field, value)
            elif field.name in found:
                raise MetaGraphError(f"a {type(self).__name__} has {field.name} twice")
            else:
                found[field.name] = field.read(value)

    def _add_entry(self, table: dict[str, Any], field: Field, content: memoryview) -> None:
        found = dict[int, memoryview]()
        for number, value in _fields(content, _ENTRY):
            if number in found:
                raise MetaGraphError(f"an entry of {field.name} of a {type(self).__name__} has two keys or values")
            found[number] = value
        key = as_text(found.get(1, _EMPTY))
        if key in table:
            raise MetaGraphError(f"a {type(self).__name__} has {field.name} for {key!r} twice")
        table[key] = field.read(found.get(2, _EMPTY))


_ENTRY = (1, 2)
"""The fields of an entry of a table: its key and its value."""


def _fields(content: memoryview, wanted: Container[int]) -> Iterator[tuple[int, memoryview]]:
    """The number and the bytes of each wanted field. All of these hold texts, bytes or messages."""
    for number, form, value in fields(content):
        if number in wanted:
            if form != LENGTH or isinstance(value, int):
                raise MetaGraphError(f"the field {number} of a message is written as a number")
            yield number, value


def present(value: memoryview) -> bool:
    """True: of interest is only that the field is there."""
    return True
