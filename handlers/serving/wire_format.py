"""Reads protocol buffers without their library (https://protobuf.dev/programming-guides/encoding)."""

from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""How the value of a field is written."""


class MetaGraphError(ValueError):
    """The bytes are not a `saved_model.pb` or a graph. The message says what is wrong with them."""


def entry(message: memoryview) -> tuple[str, memoryview]:
    """The key and the value of an entry of a map from names to messages."""
    key, value = "", memoryview(b"")
    for field, content in fields(message):
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
    for number, value in fields(message):
        if number == field and isinstance(value, memoryview):
            yield value


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The number and the value of each field of a message."""
    position, end = 0, len(message)
    while position < end:
        key, position = varint(message, position)
        number, wire_type = key >> 3, key & 7
        if wire_type == VARINT:
            value, position = varint(message, position)
            yield number, value
            continue
        if wire_type == LENGTH:
            length, position = varint(message, position)
        elif wire_type in (FIXED64, FIXED32):
            length = 8 if wire_type == FIXED64 else 4
        else:
            raise MetaGraphError(f"the bytes are not a protocol buffer: a field has the wire type {wire_type}")
        if number == 0 or position + length > end:
            raise MetaGraphError(f"the bytes are cut off or not a protocol buffer: field {number} needs {length} bytes")
        yield number, message[position : position + length]
        position += length


def varint(message: memoryview, position: int) -> tuple[int, int]:
    """The number at a position, and the position behind it."""
    value = 0
    for count, byte in enumerate(message[position : position + 10]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise MetaGraphError("the bytes are cut off or not a protocol buffer: a number does not end")


def signed(value: int) -> int:
    """A number that was written as 64 bits with a sign."""
    return value - (1 << 64) if value >= 1 << 63 else value


def as_text(value: memoryview) -> str:
    """A name. Raises MetaGraphError if it is not UTF-8."""
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        raise MetaGraphError("the bytes are not a saved_model.pb: a name is not UTF-8") from None
