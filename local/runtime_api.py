"""RuntimeApi: Lambda's Runtime API for one execution environment, version 2018-06-01.

The worker asks for the next invocation and posts its result; the environment hands out invocations and reads events.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import queue
import threading
from dataclasses import dataclass
from typing import Any

from local.functions import PAYLOAD_BYTES, RESPONSE_TOO_LARGE, error_payload
from local.http_server import JsonHandler, LoopbackServer

RUNTIME = "/2018-06-01/runtime"


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One event for a worker."""

    request_id: str
    event: bytes
    deadline_ms: int
    """When the function times out, in milliseconds since the epoch."""
    function_arn: str
    trace_id: str


@dataclass(frozen=True)
class Ready:
    """The worker has imported its handler and asks for its first invocation."""


@dataclass(frozen=True)
class InitFailed:
    """The worker could not import its handler."""

    payload: bytes


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The handler returned, or raised."""

    request_id: str
    payload: bytes
    error_type: str | None = None
    """None if the handler returned."""


@dataclass(frozen=True)
class Exited:
    """The worker ended."""

    status: str
    """In Lambda's words: `exit status 1`, `signal: killed`."""


Event = Ready | InitFailed | Answered | Exited


class RuntimeApi:
    """The server that one worker talks to. `events` has what the worker reported, and its end."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._invocations: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._current: str | None = None
        self._asked = False
        self._lock = threading.Lock()
        api = self

        class Handler(JsonHandler):
            def do_GET(self) -> None:  # noqa: N802 the standard library's name
                api._get(self)

            def do_POST(self) -> None:  # noqa: N802 the standard library's name
                api._post(self, self.read_body())

        self._server = LoopbackServer(Handler)

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return self._server.address

    def hand_out(self, invocation: Invocation) -> None:
        """Give the worker its next invocation."""
        self._current = invocation.request_id
        self._invocations.put(invocation)

    def stop(self) -> None:
        """Stop the server and free the port. A worker that waits loses its connection."""
        self._invocations.put(None)
        self._server.stop()

    def _get(self, request: JsonHandler) -> None:
        if request.path == f"{RUNTIME}/restore/next":
            request.answer(200)
            return
        if request.path != f"{RUNTIME}/invocation/next":
            request.answer(404, error_payload("InvalidPath", f"No such path: {request.path}"))
            return
        with self._lock:
            first, self._asked = not self._asked, True
        if first:
            self.events.put(Ready())
        invocation = self._invocations.get()
        if invocation is None:
            request.close_connection = True
            return
        request.answer(200, invocation.event, _headers(invocation))

    def _post(self, request: JsonHandler, body: bytes) -> None:
        match request.path.removeprefix(RUNTIME).strip("/").split("/"):
            case ["init", "error"]:
                self.events.put(InitFailed(body))
            case ["invocation", request_id, "response"] if request_id == self._current:
                if len(body) > PAYLOAD_BYTES:
                    self._refuse(request, request_id)
                    return
                self._answered(request_id, body, None)
            case ["invocation", request_id, "error"] if request_id == self._current:
                error_type = request.headers.get("Lambda-Runtime-Function-Error-Type") or "Unhandled"
                self._answered(request_id, body, error_type)
            case ["invocation", request_id, "response" | "error"]:
                request.answer(400, error_payload("InvalidRequestID", f"Not the current request: {request_id}"))
                return
            case _:
                request.answer(404, error_payload("InvalidPath", f"No such path: {request.path}"))
                return
        request.answer(202, b'{"status":"OK"}')

    def _answered(self, request_id: str, payload: bytes, error_type: str | None) -> None:
        self._current = None
        self.events.put(Answered(request_id=request_id, payload=payload, error_type=error_type))

    def _refuse(self, request: JsonHandler, request_id: str) -> None:
        message = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_BYTES} bytes)."
        self._answered(request_id, error_payload(RESPONSE_TOO_LARGE, message), RESPONSE_TOO_LARGE)
        request.answer(413, error_payload("RequestEntityTooLarge", message))


def _headers(invocation: Invocation) -> dict[str, Any]:
    return {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": invocation.trace_id,
    }
