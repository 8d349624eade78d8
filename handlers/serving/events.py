"""Lambda events become requests, and responses become what the event's sender expects.

HTTP API and function URL (payload 2.0), REST API and load balancer (payload 1.0), and direct invocation.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from handlers.serving.errors import AnswerTooLarge, InvalidRequest

MAX_ANSWER_BYTES = 6_291_556
"""What Lambda returns from a synchronous invocation at most, as the serialised answer.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_ENVELOPE_BYTES = 512
"""More than status, headers and punctuation of any answer take."""

Sender = Literal["http", "direct"]
JSON_HEADERS: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Request(NamedTuple):
    """One request, whoever sent it."""

    method: str
    path: str
    """As sent (percent-encoded), without the stage."""
    headers: Mapping[str, str] = _NO_HEADERS
    """By lower-case name."""
    body: bytes = b""
    sender: Sender = "http"


class Response(NamedTuple):
    """One answer. A body of another content type than JSON travels as base64."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = JSON_HEADERS


def is_warmup(event: Mapping[str, Any]) -> bool:
    """Whether the event only asks that the function be ready: `{"warmup": true}`."""
    return event.get("warmup") is True


def read_event(event: Mapping[str, Any]) -> Request:
    """The request in a Lambda event.

    Raises:
        InvalidRequest: the event is of no known kind, or its body is not the base64 that it says it is.
    """
    context = event.get("requestContext")
    if isinstance(context, dict) and "http" in context:
        return Request(
            method=context["http"]["method"],
            path=_without_stage(event["rawPath"], context.get("stage", "$default")),
            headers={name.lower(): value for name, value in event.get("headers", {}).items()},
            body=_body(event),
        )
    if "httpMethod" in event:
        headers: Mapping[str, str] = event.get("headers") or {}
        return Request(
            method=event["httpMethod"],
            path=event["path"],
            headers={name.lower(): value for name, value in headers.items()},
            body=_body(event),
        )
    return _direct(event)


def write_answer(request: Request, response: Response) -> dict[str, Any]:
    """What the handler returns for a response.

    Raises:
        AnswerTooLarge: Lambda would refuse to return it.
    """
    if request.sender == "direct":
        _refuse_too_large(len(response.body))
        answer = json.loads(response.body)
        return answer if response.status == 200 else answer | {"status": response.status}
    if is_text := response.headers.get("content-type") == "application/json":
        # The body is a JSON string inside a JSON document: quotes and backslashes count twice.
        _refuse_too_large(len(response.body) + response.body.count(b'"') + response.body.count(b"\\"))
        body = response.body.decode()
    else:
        _refuse_too_large((len(response.body) + 2) // 3 * 4)
        from pybase64 import b64encode_as_string  # late: only binary bodies need it

        body = b64encode_as_string(response.body)
    return {
        "statusCode": response.status,
        "headers": dict(response.headers),
        "body": body,
        "isBase64Encoded": not is_text,
    }


def _refuse_too_large(size: int) -> None:
    if size + _ENVELOPE_BYTES > MAX_ANSWER_BYTES:
        raise AnswerTooLarge(
            f"The answer takes {size} bytes; Lambda returns at most {MAX_ANSWER_BYTES}. "
            "Send fewer instances in one request, or ask for fewer outputs."
        )


def _without_stage(path: str, stage: str) -> str:
    prefix = f"/{stage}"
    if stage != "$default" and (path == prefix or path.startswith(f"{prefix}/")):
        return path[len(prefix) :] or "/"
    return path


def _body(event: Mapping[str, Any]) -> bytes:
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode()
    from pybase64 import b64decode  # late: only binary bodies need it

    try:
        return b64decode(body, validate=True)
    except ValueError as error:
        raise InvalidRequest(f"The event says that its body is base64, but: {error}") from None


def _direct(event: Mapping[str, Any]) -> Request:
    model, version = event.get("model"), event.get("version")
    if not isinstance(model, str):
        raise InvalidRequest(
            "The event is neither an HTTP request nor a direct invocation such as "
            '{"model": "digits", "instances": [...]}'
        )
    if version is not None and type(version) is not int:
        raise InvalidRequest(f"'version' is {version!r}; it must be an integer")
    at = "" if version is None else f"/versions/{version}"
    document = {key: value for key, value in event.items() if key not in ("model", "version")}
    return Request(
        method="POST",
        path=f"/v1/models/{quote(model, safe='')}{at}:predict",
        body=json.dumps(document).encode(),
        sender="direct",
    )
