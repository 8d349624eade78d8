"""Reads and writes JSON. The fast, strict parser comes first; the lenient one reads what it rejects."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from handlers.serving.errors import STATUS, InvalidRequest, MethodNotAllowed, ServingError
from handlers.serving.events import Response

_SHOWN_CHARACTERS = 256
"""The most characters of a value that an error message shows."""

_REASONS = (
    ("Expecting property name", "Missing a name for object member."),
    ("Expecting ':'", "Missing a colon after a name of object member."),
    ("Expecting ','", "Missing a comma or closing bracket after an element."),
    ("Unterminated string", "Missing a closing quotation mark in string."),
    ("Invalid \\", "Invalid escape character in string."),
)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body begins with.

    As in TensorFlow Serving, NaN, Infinity and -Infinity are numbers, and text after the object is ignored.

    Raises:
        InvalidRequest: the body is empty, or not JSON, or not an object.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _parse_leniently(body)
    if not isinstance(document, dict):
        raise InvalidRequest(f"JSON Value: {show(document)} Is not object")
    return document


def show(value: Any) -> str:
    """A value for an error message, cut off if it is long."""
    return json.dumps(value, ensure_ascii=False, default=str)[:_SHOWN_CHARACTERS]


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

    Both dialects answer so; the message is the dialect's own.
    """
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
        return json.JSONDecoder(parse_int=_integer).raw_decode(text, start)[0]
    except json.JSONDecodeError as error:
        reason = next((ours for theirs, ours in _REASONS if error.msg.startswith(theirs)), "Invalid value.")
        offset = len(text[: error.pos].encode())
        raise InvalidRequest(f"JSON Parse error: {reason} at offset: {offset}") from None
    except RecursionError:
        raise InvalidRequest("JSON Parse error: The document is nested too deeply") from None


def _integer(digits: str) -> int | float:
    """An integer of up to 64 bits, else a decimal, as the strict parser reads it."""
    value = int(digits) if len(digits) <= 20 else None
    return value if value is not None and -(2**63) <= value < 2**64 else float(digits)
