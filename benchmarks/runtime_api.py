"""The Lambda Runtime API, as much of it as one invocation of one fresh process needs, with a clock beside it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.paths import ROOT
from benchmarks.ways import function_environment

TIMEOUT_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Start:
    """One cold start, from the moment before the process was made."""

    ready_seconds: float
    """Until it asked for its first event."""
    answered_seconds: float
    """Until its first answer had arrived."""
    read_bytes: int
    """What it made the system read from disk."""
    peak_memory_bytes: int
    """The most that was resident."""
    answer: dict[str, Any]


class FunctionFailed(Exception):
    """The function's process reported an error, ended, or did not answer in time; the message holds what it wrote."""


def cold_start(handler: str, variables: Mapping[str, str], event: Mapping[str, Any]) -> Start:
    """Start a fresh process of a handler under awslambdaric and have it answer one event. Raises FunctionFailed."""
    server = OneEventServer(json.dumps(event).encode())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    environment = function_environment({**variables, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"})
    with tempfile.TemporaryFile() as log:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            failure = server.wait_until_idle(process)
            if failure is not None:
                log.seek(0)
                raise FunctionFailed(f"{handler}: {failure}\n{log.read()[-4000:].decode(errors='replace')}")
            return Start(
                ready_seconds=server.ready_at - began,
                answered_seconds=server.answered_at - began,
                read_bytes=_process_number(process.pid, "io", "read_bytes"),
                peak_memory_bytes=_process_number(process.pid, "status", "VmHWM") * 1024,
                answer=json.loads(server.answer),
            )
        finally:
            process.kill()
            process.wait()
            server.closing.set()
            server.shutdown()
            server.server_close()


def _process_number(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise FunctionFailed(f"/proc/{pid}/{file} has no line {name!r}")


class OneEventServer(ThreadingHTTPServer):
    """Hands one event to whoever asks first, and keeps the times."""

    daemon_threads = True

    def __init__(self, event: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.event = event
        self.handed_out = False
        self.ready_at = self.answered_at = 0.0
        self.answer = self.error = b""
        self.idle = threading.Event()
        self.closing = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: the process is killed while it waits for its next event."""

    def wait_until_idle(self, process: subprocess.Popen[bytes]) -> str | None:
        """Wait until the answer is here and the process asks for more; returns what went wrong, if anything."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self.idle.wait(0.1):
            if process.poll() is not None:
                return f"the process ended with status {process.returncode}"
            if time.monotonic() > deadline:
                return f"no answer within {TIMEOUT_SECONDS} s"
        return f"the function reported {self.error.decode(errors='replace')}" if self.error else None


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OneEventServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        """`/runtime/invocation/next`: the event at once, and after it nothing until the end."""
        if self.server.handed_out:
            self.server.idle.set()
            self.server.closing.wait(TIMEOUT_SECONDS)
            self.close_connection = True
            return
        self.server.ready_at = time.monotonic()
        self.server.handed_out = True
        self._send(200, self.server.event)

    def do_POST(self) -> None:
        """`…/response`, `…/error` and `/runtime/init/error`."""
        body = self._body()
        arrived = time.monotonic()
        if self.path.endswith("/response"):
            self.server.answered_at, self.server.answer = arrived, body
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
        """Nothing: only failures are worth a line, and they raise."""
