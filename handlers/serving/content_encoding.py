"""Compressed bodies, of requests and of answers."""

import zlib

from handlers.serving.dialects.json_text import parsed_bytes
from handlers.serving.dialects.open_inference import HEADER_LENGTH
from handlers.serving.errors import InflatedTooLarge, InvalidRequest, RequestTooLarge
from handlers.serving.events import Request, Response

MAX_INFLATED_BYTES = 64 * 1024 * 1024
"""The largest body after decompression: ten times the largest request."""

_PIECE_BYTES = 1024 * 1024
"""How much is inflated before it is weighed."""


_WINDOWS = {"gzip": 31, "deflate": 15}
"""What `zlib` writes for each encoding that an answer may have, in the order of our liking."""

_LEVEL = 1
"""The fastest: most of the gain, for numbers."""


def deflate(response: Response, accepted: str) -> Response:
    """The response compressed with gzip or deflate, if an `Accept-Encoding` names one of them and it gets smaller."""
    encoding = next((name for name in _WINDOWS if _accepts(accepted, name)), None)
    if encoding is None:
        return response
    stream = zlib.compressobj(_LEVEL, wbits=_WINDOWS[encoding])
    body = stream.compress(response.body) + stream.flush()
    if len(body) * 4 // 3 >= len(response.body):  # it would travel as base64
        return response
    return response._replace(
        body=body, headers={**response.headers, "content-encoding": encoding, "vary": "accept-encoding"}
    )


def _accepts(accepted: str, encoding: str) -> bool:
    for choice in accepted.lower().split(","):
        name, _, weight = choice.partition(";")
        if name.strip() == encoding:
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class _NotCompressedError(Exception):
    """The data is not what the encoding says; the message has the reason."""


def inflate(request: Request) -> Request:
    """The request with its body decompressed, if it is compressed as its `Content-Encoding` says.

    A body that is not compressed is left alone: a REST API inflates bodies itself, and keeps the header.

    Raises:
        InvalidRequest: another encoding, or damaged data.
        InflatedTooLarge: it inflates to more than `MAX_INFLATED_BYTES`.
        RequestTooLarge: the body, or what parsing it as JSON would make of it, has no room. It is inflated no further.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity") or not request.body:
        return request
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise InvalidRequest(f"Unsupported content-encoding {encoding!r}; allowed are gzip, deflate and identity")
    if _is_certainly_plain(request.body, encoding):
        return request
    is_json = HEADER_LENGTH not in request.headers
    try:
        return request._replace(body=_inflated(request.body, encoding, request.room, is_json=is_json))
    except _NotCompressedError as error:
        if encoding == "deflate" and _is_text(request.body):
            return request
        raise InvalidRequest(f"The body is damaged {encoding} data: {error}") from None


def _is_certainly_plain(body: bytes, encoding: str) -> bool:
    """Whether the first bytes say that a body is not compressed. Bare "deflate" data may begin as CSV does."""
    if encoding != "deflate":
        return not body.startswith(b"\x1f\x8b")
    return body.startswith(b"\x93NUMPY") or body.lstrip()[:1] in (b"{", b"[")


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _inflated(body: bytes, encoding: str, room: int, *, is_json: bool) -> bytes:
    # 47: with a gzip or a zlib header. -15: without a header, as some clients send "deflate".
    is_bare = encoding == "deflate" and (body[0] & 0x0F != 8 or int.from_bytes(body[:2], "big") % 31 != 0)
    stream = zlib.decompressobj(-15 if is_bare else 47)
    inflated, needed = bytearray(), 0
    try:
        while not stream.eof:
            piece = stream.decompress(stream.unconsumed_tail or body, _PIECE_BYTES)
            inflated += piece
            needed += parsed_bytes(piece) if is_json else 2 * len(piece)
            if needed > room:
                raise RequestTooLarge(room)
            if len(inflated) > MAX_INFLATED_BYTES:
                raise InflatedTooLarge(MAX_INFLATED_BYTES)
            if not piece and not stream.eof:
                raise _NotCompressedError("it ends before its end")
            body = b""
    except zlib.error as error:
        raise _NotCompressedError(str(error)) from None
    return bytes(inflated)
