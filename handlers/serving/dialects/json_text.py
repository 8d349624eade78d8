"""Reads and writes JSON. The fast, strict parser comes first; the lenient one reads what it rejects."""

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from handlers.serving.errors import STATUS, InvalidRequest, MethodNotAllowed, RequestTooLarge, ServingError, show
from handlers.serving.events import Response

_MESSAGE_CHARACTERS = 1024
"""The most characters of an error message. A caller's names and values are part of many."""

_ELEMENT_BYTES, _LIST_BYTES, _OBJECT_BYTES, _QUOTE_BYTES, _TEXT_BYTES = 64, 112, 200, 32, 2
"""What parsing takes for each comma, `[`, `{`, quote and byte of a document. Measured: between the half and all of what
they add up to, for documents that consist of one kind of value."""

_MOST_BYTES = _OBJECT_BYTES + _TEXT_BYTES
"""The most that parsing takes for one byte."""

_SURROGATE = rb"\\u[dD][89a-fA-F]"
"""A regular expression: how the escape of half of a surrogate pair begins."""

_ESCAPE = r"(?s)\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F])|.)"
"""A regular expression: an escape, or two that are a surrogate pair. The group is there if half of a pair is alone."""

_REASONS = (
    ("Expecting property name", "Missing a name for object member."),
    ("Expecting ':'", "Missing a colon after a name of object member."),
    ("Expecting ','", "Missing a comma or closing bracket after an element."),
    ("Unterminated string", "Missing a closing quotation mark in string."),
    ("Invalid \\", "Invalid escape character in string."),
)


def parse_object(body: bytes, room: int) -> dict[str, Any]:
    """The JSON object that a body begins with.

    As in TensorFlow Serving, NaN, Infinity and -Infinity are numbers, and text after the object is ignored.

    Args:
        body: the JSON text.
        room: how many bytes of memory parsing may take.

    Raises:
        RequestTooLarge: it would take more. Nothing is parsed then.
        InvalidRequest: the body is empty, or not JSON, or not an object.
    """
    if len(body) * _MOST_BYTES > room and parsed_bytes(body) > room:
        raise RequestTooLarge(room)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _parse_leniently(body)
    if not isinstance(document, dict):
        raise InvalidRequest(f"JSON Value: {show(document)} Is not object")
    return document


def parsed_bytes(body: bytes) -> int:
    """About how many bytes of memory parsing a JSON document takes. Punctuation inside strings counts too."""
    return (
        body.count(b",") * _ELEMENT_BYTES
        + body.count(b"[") * _LIST_BYTES
        + body.count(b"{") * _OBJECT_BYTES
        + body.count(b'"') * _QUOTE_BYTES
        + len(body) * _TEXT_BYTES
    )


def type_name(value: Any) -> str:
    """The name of the value's type, in TensorFlow Serving's words."""
    match value:
        case None:
            return "Null"
        case bool():
            return str(value)
        case dict():
            return "Object"
        case list():
            return "Array"
        case str():
            return "String"
        case _:
            return "Number"


def json_response(document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a JSON body."""
    body = orjson.dumps(document)
    return Response(status, body) if not headers else Response(status, body, {**Response(status).headers, **headers})


def error_response(error: ServingError, message: str) -> Response:
    """The response to a request that failed: `{"error": message}`, with the status of the error's code.

    Both dialects answer so; the message is the dialect's own. It is cut off if it is long.
    """
    if len(message) > _MESSAGE_CHARACTERS:
        message = f"{message[:_MESSAGE_CHARACTERS]}…"
    message = message.encode(errors="replace").decode()  # it may hold half of a surrogate pair
    headers: dict[str, str] = {}
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = ", ".join(error.allowed)
    return json_response({"error": message}, STATUS[error.code], headers)


def _parse_leniently(body: bytes) -> Any:
    if not body:
        raise InvalidRequest("JSON Parse error: The document is empty")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"JSON Parse error: Invalid encoding in string. at offset: {error.start}") from None
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        raise InvalidRequest("JSON Parse error: The document is empty")
    try:
        document, end = json.JSONDecoder(parse_int=_integer).raw_decode(text, start)
    except json.JSONDecodeError as error:
        reason = next((ours for theirs, ours in _REASONS if error.msg.startswith(theirs)), "Invalid value.")
        raise _parse_error(reason, text, error.pos) from None
    except RecursionError:
        raise InvalidRequest("JSON Parse error: The document is nested too deeply") from None
    if re.search(_SURROGATE, body):
        for escape in re.finditer(_ESCAPE, text[:end]):
            if escape[1]:
                raise _parse_error("The surrogate pair in string is invalid.", text, escape.start())
    return document


def _parse_error(reason: str, text: str, position: int) -> InvalidRequest:
    return InvalidRequest(f"JSON Parse error: {reason} at offset: {len(text[:position].encode())}")


def _integer(digits: str) -> int | float:
    """An integer of up to 64 bits, else a decimal, as the strict parser reads it."""
    value = int(digits) if len(digits) <= 20 else None
    return value if value is not None and -(2**63) <= value < 2**64 else float(digits)
