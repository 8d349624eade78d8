"""Reads protocol buffers without their library (https://protobuf.dev/programming-guides/encoding)."""

from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""How the value of a field is written."""

_LARGEST_NUMBER = (1 << 29) - 1
"""Of a field."""


class MetaGraphError(ValueError):
    """The bytes are not a `saved_model.pb` or a graph. The message says what is wrong with them."""


def entry(message: memoryview) -> tuple[str, memoryview]:
    """The key and the value of an entry of a map from names to messages."""
    key, value = "", memoryview(b"")
    for field, _, content in fields(message):
        if field == 1 and isinstance(content, memoryview):
            key = as_text(content)
        elif field == 2 and isinstance(content, memoryview):
            value = content
    return key, value


def text_of(message: memoryview, field: int) -> str:
    """The value of a field of text; empty if it has none."""
    return "".join(as_text(value) for value in list(messages(message, field))[-1:])


def messages(message: memoryview, field: int) -> Iterator[memoryview]:
    """The values of a field of messages, texts or bytes."""
    for number, _, value in fields(message):
        if number == field and isinstance(value, memoryview):
            yield value


def fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """The number of each field of a message, how its value is written, and the value: a number only if as VARINT."""
    position, end = 0, len(message)
    while position < end:
        key, position = varint(message, position)
        number, form = key >> 3, key & 7
        if not 0 < number <= _LARGEST_NUMBER:
            raise MetaGraphError(f"the bytes are not a protocol buffer: a field has the number {number}")
        if form == VARINT:
            value, position = varint(message, position)
            yield number, form, value
            continue
        if form == LENGTH:
            length, position = varint(message, position)
        elif form in (FIXED64, FIXED32):
            length = 8 if form == FIXED64 else 4
        else:
            raise MetaGraphError(f"the bytes are not a protocol buffer: a field has the wire type {form}")
        if position + length > end:
            raise MetaGraphError(f"the bytes are cut off or not a protocol buffer: field {number} needs {length} bytes")
        yield number, form, message[position : position + length]
        position += length


def varint(message: memoryview, position: int) -> tuple[int, int]:
    """The number at a position, and the position behind it."""
    value = 0
    for count, byte in enumerate(message[position : position + 10]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise MetaGraphError("the bytes are cut off or not a protocol buffer: a number does not end")


def packed(value: memoryview) -> list[int]:
    """The numbers of a field that holds many in a row."""
    found: list[int] = []
    position = 0
    while position < len(value):
        number, position = varint(value, position)
        found.append(number)
    return found


def signed(value: int) -> int:
    """A number that was written as 64 bits with a sign."""
    return value - (1 << 64) if value >= 1 << 63 else value


def as_text(value: memoryview) -> str:
    """A name. Raises MetaGraphError if it is not UTF-8."""
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        raise MetaGraphError("the bytes are not a saved_model.pb: a name is not UTF-8") from None
