"""Lambda events become requests, and responses become what the event's sender expects.

Each kind of event is one class in `KINDS`. To serve another sender, add a class there, and its route to the function.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from handlers.serving.errors import AnswerTooLarge, InvalidRequest

MAX_ANSWER_BYTES = 6_291_556
"""The largest answer, serialised, that Lambda returns from a synchronous invocation.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_ENVELOPE_BYTES = 512
"""More than the status, headers and punctuation of any answer take."""

JSON_HEADERS: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Request(NamedTuple):
    """One request, from any sender."""

    method: str
    path: str
    """As sent (percent-encoded), without the stage."""
    headers: Mapping[str, str] = _NO_HEADERS
    """By lower-case name."""
    body: bytes = b""


class Response(NamedTuple):
    """The response to one request. A body that is not JSON travels as base64."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = JSON_HEADERS


class Event(Protocol):
    """One event of one kind."""

    def __init__(self, event: Any) -> None: ...

    @staticmethod
    def recognises(event: Any) -> bool:
        """Whether an event is of this kind."""
        ...

    def request(self) -> Request:
        """The request in the event. Raises InvalidRequest if it is malformed."""
        ...

    def answer(self, response: Response) -> dict[str, Any]:
        """What the handler returns for a response. Raises AnswerTooLarge if Lambda would refuse to return it."""
        ...


class _OverHttp:
    """What both payload formats have in common."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event

    def answer(self, response: Response) -> dict[str, Any]:
        return _http_answer(response)


class HttpEvent(_OverHttp):
    """An HTTP API or a function URL: payload format 2.0."""

    @staticmethod
    def recognises(event: Any) -> bool:
        context = event.get("requestContext") if isinstance(event, dict) else None
        return isinstance(context, dict) and "http" in context

    def request(self) -> Request:
        context = self._event["requestContext"]
        return Request(
            method=context["http"]["method"],
            path=_without_stage(self._event["rawPath"], context.get("stage", "$default")),
            headers={name.lower(): value for name, value in self._event.get("headers", {}).items()},
            body=_body(self._event),
        )


class RestEvent(_OverHttp):
    """A REST API or a load balancer: payload format 1.0."""

    @staticmethod
    def recognises(event: Any) -> bool:
        return isinstance(event, dict) and "httpMethod" in event

    def request(self) -> Request:
        headers: Mapping[str, str] = self._event.get("headers") or {}
        return Request(
            method=self._event["httpMethod"],
            path=self._event["path"],
            headers={name.lower(): value for name, value in headers.items()},
            body=_body(self._event),
        )


class DirectEvent:
    """A direct invocation: the body of a TensorFlow Serving prediction, with `model` (and `version`) beside it."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event

    @staticmethod
    def recognises(event: Any) -> bool:
        return isinstance(event, dict) and isinstance(event.get("model"), str)

    def request(self) -> Request:
        model, version = self._event["model"], self._event.get("version")
        if version is not None and type(version) is not int:
            raise InvalidRequest(f"'version' is {version!r}; it must be an integer")
        at = "" if version is None else f"/versions/{version}"
        document = {key: value for key, value in self._event.items() if key not in ("model", "version")}
        return Request("POST", f"/v1/models/{quote(model, safe='')}{at}:predict", body=json.dumps(document).encode())

    def answer(self, response: Response) -> dict[str, Any]:
        return _direct_answer(response)


class UnknownEvent:
    """Any other event. The answer says which events are known, in the form that the sender most likely reads."""

    def __init__(self, event: Any) -> None:
        self._is_http = isinstance(event, dict) and "requestContext" in event

    @staticmethod
    def recognises(event: Any) -> bool:
        return True

    def request(self) -> Request:
        raise InvalidRequest(
            "The event is neither an HTTP request nor a direct invocation such as "
            '{"model": "digits", "instances": [...]}'
        )

    def answer(self, response: Response) -> dict[str, Any]:
        return _http_answer(response) if self._is_http else _direct_answer(response)


KINDS: tuple[type[Event], ...] = (HttpEvent, RestEvent, DirectEvent, UnknownEvent)
"""Every kind of event; an event is of the first kind that recognises it."""


def recognise(event: Any) -> Event:
    """The event as one of its kind. Never fails: an event of no other kind is an `UnknownEvent`."""
    return next(kind for kind in KINDS if kind.recognises(event))(event)


def is_warmup(event: Any) -> bool:
    """Whether the event only asks that the function be ready: `{"warmup": true}`."""
    return isinstance(event, dict) and event.get("warmup") is True


def _http_answer(response: Response) -> dict[str, Any]:
    if is_text := response.headers.get("content-type") == "application/json":
        # The body is a JSON string inside a JSON document: each quote and backslash takes two bytes.
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


def _direct_answer(response: Response) -> dict[str, Any]:
    _refuse_too_large(len(response.body))
    answer = json.loads(response.body)
    return answer if response.status == 200 else answer | {"status": response.status}


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
