"""Compressed request bodies."""

from handlers.serving.errors import InvalidRequest
from handlers.serving.events import Request

MAX_INFLATED_BYTES = 64 * 1024 * 1024
"""How large a compressed body may become: ten times what Lambda lets in, so that no body eats the memory."""


def inflate(request: Request) -> Request:
    """The request with its body as it was before `Content-Encoding: gzip` or `deflate`.

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
    import zlib  # late: few requests are compressed

    # 47: a gzip or a zlib header, whichever is there. "deflate" is also sent without any header: -15.
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
