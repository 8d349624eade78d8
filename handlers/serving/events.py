"""Lambda events become requests, and responses become what the event's sender expects.

Each kind of event is one class in `KINDS`. To serve another sender, add a class there, and its route to the function.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from handlers.serving.errors import AnswerTooLarge, InvalidRequest, NotAcceptable, show

MAX_ANSWER_BYTES = 6_291_556
"""The largest answer, serialised, that Lambda returns from a synchronous invocation.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

MAX_LOAD_BALANCER_ANSWER_BYTES = 1_000_000
"""The largest answer that a load balancer takes from a function.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html"""

_GROWTH = 6
"""How many bytes the runtime writes at most for one byte of JSON. It writes only ASCII: é takes two bytes in UTF-8, and
six as \\u00e9."""

_ENVELOPE_BYTES = 512
"""More than the status, headers and punctuation of any answer take."""

ROOM_BYTES = 64 * 1024 * 1024
"""How many bytes of memory reading a request may take where the function's memory is not known."""

LAST_SECONDS = 0.25
"""Seconds kept back to answer that a prediction took too long."""

FUNCTION_URL = ".lambda-url."
"""Part of the host name of every function URL. Its events have the form of an HTTP API's, with the path as it was
sent. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html"""

JSON_HEADERS: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Request(NamedTuple):
    """One request, from any sender."""

    method: str
    path: str
    """Percent-encoded, without the stage."""
    headers: Mapping[str, str] = _NO_HEADERS
    """By lower-case name."""
    body: bytes = b""
    room: int = ROOM_BYTES
    """Bytes of memory that reading the body may take."""
    api_id: str | None = None
    """The id that the sender gave the request, if its caller sees that too."""
    tensor_places: tuple[str, ...] = ()
    """Where it may name tensors in S3."""
    last_seconds: float = LAST_SECONDS
    """Seconds that its sender needs to answer that a prediction took too long."""


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

    def request(self, room: int = ROOM_BYTES) -> Request:
        """The request in the event. Raises InvalidRequest if it is malformed."""
        ...

    def answer(self, response: Response) -> dict[str, Any]:
        """What the handler returns for a response. Raises AnswerTooLarge if Lambda would refuse to return it."""
        ...


class _OverHttp(ABC):
    """What all events of HTTP requests have in common."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event

    def request(self, room: int = ROOM_BYTES) -> Request:
        method, path = self._asked()
        return Request(method, path, _headers(self._event), _body(self._event), room, _api_id(self._event))

    @abstractmethod
    def _asked(self) -> tuple[str, str]:
        """The method and the path."""

    def answer(self, response: Response) -> dict[str, Any]:
        return _http_answer(response)


class HttpEvent(_OverHttp):
    """An HTTP API or a function URL: payload format 2.0."""

    @staticmethod
    def recognises(event: Any) -> bool:
        context = event.get("requestContext") if isinstance(event, dict) else None
        return isinstance(context, dict) and "http" in context

    def _asked(self) -> tuple[str, str]:
        context: Mapping[str, Any] = self._event["requestContext"]
        path = _text(self._event, "rawPath")
        if "%" in path and FUNCTION_URL not in str(context.get("domainName", "")):
            path = _encoded_again(path)
        return _text(context["http"], "method"), _without_stage(path, context.get("stage"))


class RestEvent(_OverHttp):
    """A REST API: payload format 1.0."""

    @staticmethod
    def recognises(event: Any) -> bool:
        return isinstance(event, dict) and "httpMethod" in event

    def _asked(self) -> tuple[str, str]:
        return _text(self._event, "httpMethod"), _text(self._event, "path")


class LoadBalancerEvent(RestEvent):
    """A load balancer. Whether it sends and reads each header once or as a list is a setting of its target group."""

    @staticmethod
    def recognises(event: Any) -> bool:
        context = event.get("requestContext") if RestEvent.recognises(event) else None
        return isinstance(context, dict) and "elb" in context

    def answer(self, response: Response) -> dict[str, Any]:
        answer = _http_answer(response, MAX_LOAD_BALANCER_ANSWER_BYTES)
        if self._event.get("multiValueHeaders") is not None:
            answer["multiValueHeaders"] = {name: [value] for name, value in answer.pop("headers").items()}
        return answer


class DirectEvent:
    """A direct invocation: the body of a TensorFlow Serving prediction, with `model` beside it, and with `version` or
    `label` if it names one."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event

    @staticmethod
    def recognises(event: Any) -> bool:
        return isinstance(event, dict) and isinstance(event.get("model"), str)

    def request(self, room: int = ROOM_BYTES) -> Request:
        document = dict(self._event)
        model, version, label = document.pop("model"), document.pop("version", None), document.pop("label", None)
        if version is not None and type(version) is not int:
            raise InvalidRequest(f"'version' is {show(version)}; it must be an integer")
        if label is not None and type(label) is not str:
            raise InvalidRequest(f"'label' is {show(label)}; it must be text")
        if version is not None and label is not None:
            raise InvalidRequest("'version' and 'label' are both set; set only one of them")
        try:
            at = "" if version is None else f"/versions/{version}"
            at = at if label is None else f"/labels/{quote(label, safe='')}"
            path = f"/v1/models/{quote(model, safe='')}{at}:predict"
            return Request("POST", path, body=json.dumps(document).encode(), room=room)
        except RecursionError:
            raise InvalidRequest("The event is nested too deeply") from None
        except ValueError as error:  # half of a surrogate pair, or an integer of thousands of digits
            raise InvalidRequest(f"The event holds a value that JSON cannot hold: {error}") from None

    def answer(self, response: Response) -> dict[str, Any]:
        return _direct_answer(response)


class QueueEvent:
    """A message of the queue that leads to a request which was accepted to be answered later. Request and answer are in
    S3. The mapping of the queue sends one message at a time."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        from handlers.serving.asynchronous.messages import Message  # late: few stacks have a queue

        self._records = event["Records"]
        self._message = Message(self._records[0])

    @staticmethod
    def recognises(event: Any) -> bool:
        records = event.get("Records") if isinstance(event, dict) else None
        if not isinstance(records, list) or not records:
            return False
        return isinstance(records[0], dict) and records[0].get("eventSource") == "aws:sqs"

    def request(self, room: int = ROOM_BYTES) -> Request:
        if (count := len(self._records)) != 1:
            raise InvalidRequest(f"The event has {count} messages; the mapping of the queue must have a batchSize of 1")
        return self._message.request(room)

    def answer(self, response: Response) -> dict[str, Any]:
        if len(self._records) != 1:  # so that none is taken for answered
            return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in self._records]}
        return self._message.answer(response)


class UnknownEvent:
    """Any other event. The answer says which events are known, in the form that the sender most likely reads."""

    def __init__(self, event: Any) -> None:
        self._is_http = isinstance(event, dict) and "requestContext" in event

    @staticmethod
    def recognises(event: Any) -> bool:
        return True

    def request(self, room: int = ROOM_BYTES) -> Request:
        raise InvalidRequest(
            "The event is neither an HTTP request nor a direct invocation such as "
            '{"model": "digits", "instances": [...]}'
        )

    def answer(self, response: Response) -> dict[str, Any]:
        return _http_answer(response) if self._is_http else _direct_answer(response)


KINDS: tuple[type[Event], ...] = (HttpEvent, LoadBalancerEvent, RestEvent, DirectEvent, QueueEvent, UnknownEvent)
"""Every kind of event; an event is of the first kind that recognises it."""


def recognise(event: Any) -> Event:
    """The event as one of its kind. Never fails: an event of no other kind is an `UnknownEvent`."""
    for kind in KINDS:
        if kind.recognises(event):
            return kind(event)
    raise AssertionError("an event of no other kind is an UnknownEvent")


def is_warmup(event: Any) -> bool:
    """Whether the event only asks that the function be ready: `{"warmup": true}`."""
    return isinstance(event, dict) and event.get("warmup") is True


def _http_answer(response: Response, limit: int = MAX_ANSWER_BYTES) -> dict[str, Any]:
    headers = response.headers
    if is_text := not response.body or (
        headers.get("content-type") == "application/json" and "content-encoding" not in headers
    ):
        body = response.body.decode()
        refuse_too_large(_written_bytes(response.body, body), limit)
    else:
        refuse_too_large((len(response.body) + 2) // 3 * 4, limit)
        from pybase64 import b64encode_as_string  # late: only binary bodies need it

        body = b64encode_as_string(response.body)
    return {
        "statusCode": response.status,
        "headers": dict(headers),
        "body": body,
        "isBase64Encoded": not is_text,
    }


def _direct_answer(response: Response) -> dict[str, Any]:
    if (kind := response.headers.get("content-type")) != "application/json":
        raise NotAcceptable(f"The answer is {kind}; a direct invocation takes application/json alone")
    answer = json.loads(response.body)
    if len(response.body) * _GROWTH > MAX_ANSWER_BYTES:
        refuse_too_large(len(json.dumps(answer)))
    return answer if response.status == 200 else answer | {"status": response.status}


def _written_bytes(body: bytes, text: str) -> int:
    """Bytes of a JSON body where the runtime writes it: as a string inside a JSON document of ASCII characters."""
    if len(body) * _GROWTH <= MAX_LOAD_BALANCER_ANSWER_BYTES:
        return len(body) * _GROWTH  # certainly small enough
    if body.isascii():
        return len(body) + body.count(b'"') + body.count(b"\\") + body.count(b"\x7f") * 5
    return len(json.dumps(text))


def refuse_too_large(size: int, limit: int = MAX_ANSWER_BYTES) -> None:
    """Raise AnswerTooLarge if an answer that takes so many bytes, or more, cannot be returned."""
    if size + _ENVELOPE_BYTES > limit:
        raise AnswerTooLarge(
            f"The answer takes {size} bytes or more; at most {limit} can be returned. "
            "Send fewer instances in one request, ask for fewer outputs or for binary ones, or accept gzip."
        )


def _encoded_again(path: str) -> str:
    """The path of an HTTP API's request as the caller may have sent it. API Gateway has decoded every escape but `%25`:
    what else follows a percent sign is no escape."""
    return path.replace("%25", "%").replace("%", "%25")


def _without_stage(path: str, stage: Any) -> str:
    prefix = f"/{stage}"
    if stage != "$default" and (path == prefix or path.startswith(f"{prefix}/")):
        return path[len(prefix) :] or "/"
    return path


def _text(part: Any, key: str) -> str:
    value = part.get(key) if isinstance(part, dict) else None
    if type(value) is not str:
        raise InvalidRequest(f"The event's {key!r} is {show(value)}; it must be text")
    return value


def _api_id(event: Mapping[str, Any]) -> str | None:
    context = event.get("requestContext")
    found = context.get("requestId") if isinstance(context, dict) else None
    return found if type(found) is str else None


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """The headers by lower-case name; the values of a header that was sent several times are joined by commas."""
    single, several = event.get("headers"), event.get("multiValueHeaders")
    if single:
        return {
            name.lower(): value if type(value) is str else show(value)
            for name, value in _object(single, "headers").items()
        }
    if several:
        return {
            name.lower(): ", ".join(value if type(value) is str else show(value) for value in _list(values))
            for name, values in _object(several, "multiValueHeaders").items()
        }
    return {}


def _object(value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest(f"The event's {key!r} is {show(value)}; it must be an object")
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _body(event: Mapping[str, Any]) -> bytes:
    body: Any = event.get("body")
    if body is None:
        return b""
    if type(body) is not str:
        raise InvalidRequest(f"The event's 'body' is {show(body)}; it must be text")
    try:
        return _from_base64(body) if event.get("isBase64Encoded") else body.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("The event's 'body' holds half of a surrogate pair, which is no text") from None
    except ValueError as error:
        raise InvalidRequest(f"The event says that its body is base64, but: {error}") from None


def _from_base64(text: str) -> bytes:
    from pybase64 import b64decode  # late: only binary bodies need it

    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b64decode("".join(text.split()), validate=True)  # some senders break lines
