"""Compressed request bodies."""

import zlib

from handlers.serving.errors import InvalidRequest
from handlers.serving.events import Request

MAX_INFLATED_BYTES = 64 * 1024 * 1024
"""The largest body after decompression: ten times the largest request, so that no body fills the memory."""


def inflate(request: Request) -> Request:
    """The request with its body decompressed, if its `Content-Encoding` is gzip or deflate.

    Raises:
        InvalidRequest: another encoding, damaged data, or more than `MAX_INFLATED_BYTES`.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity") or not request.body:
        return request
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise InvalidRequest(f"Unsupported content-encoding {encoding!r}; allowed are gzip, deflate and identity")
    return request._replace(body=_inflated(request.body, encoding))


def _inflated(body: bytes, encoding: str) -> bytes:
    # 47: with a gzip or a zlib header. -15: without a header, as some clients send "deflate".
    is_bare = encoding == "deflate" and (body[0] & 0x0F != 8 or int.from_bytes(body[:2], "big") % 31 != 0)
    stream = zlib.decompressobj(-15 if is_bare else 47)
    try:
        inflated = stream.decompress(body, MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise InvalidRequest(f"The body is not the {encoding} data that its Content-Encoding says: {error}") from None
    if stream.unconsumed_tail:
        raise InvalidRequest(f"The body inflates to more than {MAX_INFLATED_BYTES} bytes, which is the most allowed")
    if not stream.eof:
        raise InvalidRequest(f"The body's {encoding} data ends before its end")
    return inflated
