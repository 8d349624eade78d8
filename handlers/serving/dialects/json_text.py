"""Reads and writes JSON. The fast, strict parser comes first; the lenient one reads what it rejects."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from handlers.manifest import Manifest
from handlers.serving.errors import (
    STATUS,
    InvalidJson,
    InvalidRequest,
    MethodNotAllowed,
    RequestTooLarge,
    ServingError,
    show,
)
from handlers.serving.events import JSON_HEADERS, Request, Response

VERSION_HEADER = "x-model-version"
"""The header of an answer that names the version of the model which it comes from."""

FORM = "application/x-www-form-urlencoded"
"""What clients say of a body if they are told nothing about it."""

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

_CONTAINERS = frozenset({dict, list})

_SPACES = " \t\r\n"
_BEFORE = _SPACES.encode() + b"\xef\xbb\xbf"
"""What may stand before a document: spaces, and the mark of UTF-8."""

_UNKNOWN_CONSTANT = r"Inf(?!inity)|-NaN"
"""A regular expression: a number that Python's parser does not know."""

_STRING_OR_CONSTANT = r'(?s)"(?:[^"\\]++|\\.)*+"|-?(?:NaN|Inf(?:inity)?)'
"""A regular expression: what may hold such words as text, or any such number. It never goes back over what it read."""

_REASONS = (
    ("Expecting property name", "Missing a name for object member."),
    ("Expecting ':'", "Missing a colon after a name of object member."),
    ("Expecting ','", "Missing a comma or closing bracket after an element."),
    ("Unterminated string", "Missing a closing quotation mark in string."),
    ("Invalid \\", "Invalid escape character in string."),
)


def is_json(request: Request) -> bool:
    """Whether a body is to be read as JSON. One that begins as an object is, whatever its type is said to be."""
    kind = request.headers.get("content-type")
    return not kind or kind.startswith("application/json") or request.body[:64].lstrip(_BEFORE)[:1] in (b"{", b"")


def parse_object(body: bytes, room: int, *, whole: bool = False) -> dict[str, Any]:
    """The JSON object that a body begins with.

    As in TensorFlow Serving and Triton, NaN, Inf and Infinity are numbers, with or without a minus, and the first of
    several equal keys counts.

    Args:
        body: the JSON text.
        room: how many bytes of memory parsing may take.
        whole: whether nothing may follow the object, as in Triton. TensorFlow Serving ignores what follows.

    Raises:
        RequestTooLarge: it would take more. Nothing is parsed then.
        InvalidRequest: the body is empty, or not JSON, or not an object.
    """
    if len(body) * _MOST_BYTES > room and parsed_bytes(body) > room:
        raise RequestTooLarge(room)
    document = _parse_strictly(body)
    if document is None:
        document = _parse_leniently(body, whole=whole)
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


def json_response(document: Any, status: int = 200) -> Response:
    """A response with a JSON body."""
    return Response(status, orjson.dumps(document))


def of_version(manifest: Manifest, response: Response) -> Response:
    """The response with a header that names the version it is about."""
    return Response(response.status, response.body, {**response.headers, VERSION_HEADER: str(manifest.version)})


def error_response(error: ServingError, message: str, layout: bytes = b'{"error":%b}') -> Response:
    """The response to a request that failed: `{"error": message}`, with the status of the error's code.

    Every dialect answers so; the message and the layout are the dialect's own. A long message is cut off.
    """
    if len(message) > _MESSAGE_CHARACTERS:
        message = f"{message[:_MESSAGE_CHARACTERS]}…"
    message = message.encode(errors="replace").decode()  # it may hold half of a surrogate pair
    headers: dict[str, str] = {}
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = ", ".join(error.allowed)
    return Response(STATUS[error.code], layout % orjson.dumps(message), {**JSON_HEADERS, **headers})


def _parse_strictly(body: bytes) -> Any:
    """The document; None if the lenient parser must read it, because it is no strict JSON or may have equal keys."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if type(document) is dict and body.count(b":") != len(document) and _may_repeat_keys(body, document):
        return None
    return document


def _may_repeat_keys(body: bytes, document: dict[str, Any]) -> bool:
    """Whether a document has fewer keys than its text has colons. Colons inside strings count too.

    Lists that begin with a number are not searched: an object in them is an error wherever tensors are read.
    """
    keys = 0
    containers: list[Any] = [document]
    while containers:
        container = containers.pop()
        if type(container) is dict:
            keys += len(container)
            container = container.values()
        containers += [
            value
            for value in container
            if type(value) is dict or (type(value) is list and value and type(value[0]) in _CONTAINERS)
        ]
    return keys != body.count(b":")


def _parse_leniently(body: bytes, *, whole: bool) -> Any:
    if not body:
        raise InvalidJson("The document is empty")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidJson("Invalid encoding in string.", error.start) from None
    start = len(text) - len(text.lstrip(_SPACES))
    if start == len(text):
        raise InvalidJson("The document is empty")
    try:
        document, end = _decode(text, start)
    except json.JSONDecodeError as error:
        reason = next((ours for theirs, ours in _REASONS if error.msg.startswith(theirs)), "Invalid value.")
        raise _parse_error(reason, text, error.pos) from None
    except RecursionError:
        raise InvalidJson("The document is nested too deeply") from None
    if whole and text[end:].strip(_SPACES):
        behind = len(text) - len(text[end:].lstrip(_SPACES))
        raise _parse_error("The document root must not be followed by other values.", text, behind)
    if re.search(_SURROGATE, body):
        for escape in re.finditer(_ESCAPE, text[:end]):
            if escape[1]:
                raise _parse_error("The surrogate pair in string is invalid.", text, escape.start())
    return document


def _decode(text: str, start: int) -> tuple[Any, int]:
    """The value at a position, and the position behind it. Raises JSONDecodeError or RecursionError."""
    constant: Callable[[str], float] = float
    if re.search(_UNKNOWN_CONSTANT, text):
        text, values = _mark_constants(text)
        constant = lambda _: next(values)  # noqa: E731 - they come in the order of the text
    decoder = json.JSONDecoder(parse_int=_integer, parse_constant=constant, object_pairs_hook=_first_of_equal)
    return decoder.raw_decode(text, start)


def _mark_constants(text: str) -> tuple[str, Iterator[float]]:
    """The text with NaN for each number that is not finite, at the same positions, and these numbers."""
    values: list[float] = []

    def mark(match: re.Match[str]) -> str:
        found = match[0]
        if found[0] == '"':
            return found
        values.append(float(found))
        return "NaN".ljust(len(found))

    marked = re.sub(_STRING_OR_CONSTANT, mark, text)
    return marked, iter(values)


def _first_of_equal(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its members, the first of those with equal keys."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else dict(reversed(pairs))


def _parse_error(reason: str, text: str, position: int) -> InvalidJson:
    return InvalidJson(reason, len(text[:position].encode()))


def _integer(digits: str) -> int | float:
    """An integer of up to 64 bits, else a decimal, as the strict parser reads it."""
    value = int(digits) if len(digits) <= 20 else None
    return value if value is not None and -(2**63) <= value < 2**64 else float(digits)
