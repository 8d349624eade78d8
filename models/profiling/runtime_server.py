"""The Lambda Runtime API, as far as a few invocations need it, with a clock.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import subprocess
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, NamedTuple, Self

TIMEOUT_SECONDS = 120
"""For one answer."""


class FunctionFailed(Exception):
    """A function reported an error, ended, or did not answer in time; the message has the end of its log."""


def function_failed(what: str, reason: str, log: IO[bytes]) -> FunctionFailed:
    """The error for a function that failed, with the last 4,000 bytes of its log."""
    log.seek(0)
    return FunctionFailed(f"{what}: {reason}\n{log.read()[-4000:].decode(errors='replace')}")


class Answered(NamedTuple):
    """What the process answered to an event."""

    at: float
    """The monotonic clock when the answer had arrived, in seconds."""
    content: bytes


class RuntimeServer(ThreadingHTTPServer):
    """Serves events to the one process that asks, one after the other, and keeps its answers. A context manager.

    Args:
        events: the next one is taken when the process asks for it.
    """

    daemon_threads = True

    def __init__(self, events: Iterable[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.events = iter(events)
        self.ready_at = 0.0
        """The monotonic clock when the process first asked for an event, in seconds."""
        self.answered: list[Answered] = []
        self.error = b""
        self.idle = threading.Event()
        self.closing = threading.Event()

    @property
    def variables(self) -> dict[str, str]:
        """The variable that tells a process where this server is."""
        return {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server_port}"}

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore it: the process is killed while it waits for its next event."""

    def wait_until_idle(self, process: subprocess.Popen[bytes]) -> str | None:
        """Wait until the process has answered every event and asks for more. Returns what went wrong, or None."""
        count, deadline = 0, time.monotonic() + TIMEOUT_SECONDS
        while not self.idle.wait(0.1):
            if process.poll() is not None:
                return f"the process ended with status {process.returncode}"
            if len(self.answered) > count:
                count, deadline = len(self.answered), time.monotonic() + TIMEOUT_SECONDS
            if time.monotonic() > deadline:
                return f"no answer within {TIMEOUT_SECONDS} s"
        return f"the function reported {self.error.decode(errors='replace')}" if self.error else None


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Else the body of an event waits until the client acknowledges its headers: 40 ms where it may take its time."""
    server: RuntimeServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        """`/runtime/invocation/next`: send the next event; after the last, wait until the server closes."""
        self.server.ready_at = self.server.ready_at or time.monotonic()
        event = next(self.server.events, None)
        if event is None:
            self.server.idle.set()
            self.server.closing.wait(TIMEOUT_SECONDS)
            self.close_connection = True
            return
        self._send(200, event)

    def do_POST(self) -> None:
        """`…/response`, `…/error` and `/runtime/init/error`."""
        body = self._body()
        arrived = time.monotonic()
        if self.path.endswith("/response"):
            self.server.answered.append(Answered(arrived, body))
        else:
            self.server.error = body or b"an error without a description"
            self.server.idle.set()
        self._send(202, b"{}")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts: list[bytes] = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000000")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + TIMEOUT_SECONDS * 1000))
        self.send_header(
            "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:benchmark"
        )
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: failures raise."""
