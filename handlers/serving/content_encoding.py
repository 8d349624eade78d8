"""Compressed request bodies."""

import zlib

from handlers.serving.dialects.json_text import parsed_bytes
from handlers.serving.dialects.open_inference import HEADER_LENGTH
from handlers.serving.errors import InvalidRequest, RequestTooLarge
from handlers.serving.events import Request

MAX_INFLATED_BYTES = 64 * 1024 * 1024
"""The largest body after decompression: ten times the largest request."""

_PIECE_BYTES = 1024 * 1024
"""How much is inflated before it is weighed."""


def inflate(request: Request) -> Request:
    """The request with its body decompressed, if its `Content-Encoding` is gzip or deflate.

    Raises:
        InvalidRequest: another encoding, damaged data, or more than `MAX_INFLATED_BYTES`.
        RequestTooLarge: the body, or what parsing it as JSON would make of it, has no room. It is inflated no further.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity") or not request.body:
        return request
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise InvalidRequest(f"Unsupported content-encoding {encoding!r}; allowed are gzip, deflate and identity")
    is_json = HEADER_LENGTH not in request.headers
    return request._replace(body=_inflated(request.body, encoding, request.room, is_json=is_json))


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
                raise InvalidRequest(f"The body inflates to more than {MAX_INFLATED_BYTES} bytes, the most allowed")
            if not piece and not stream.eof:
                raise InvalidRequest(f"The body's {encoding} data ends before its end")
            body = b""
    except zlib.error as error:
        raise InvalidRequest(f"The body is not the {encoding} data that its Content-Encoding says: {error}") from None
    return bytes(inflated)
