"""A server that answers predictions after a while, with a thread for each connection."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from local.http_server import LoopbackServer

METADATA = {
    "name": "iris",
    "inputs": [
        {"name": "features", "datatype": "FP32", "shape": [-1, 4]},
        {"name": "name", "datatype": "BYTES", "shape": [-1]},
        {"name": "count", "datatype": "INT64", "shape": [-1, 1]},
    ],
}


class Server:
    """Answers with status 200, the first `cold` answers as cold ones; every `failing`th prediction with 503."""

    def __init__(self, *, seconds: float = 0.0, cold: int = 0, failing: int = 0, chunked: bool = False) -> None:
        self.seconds, self.cold, self.failing, self.chunked = seconds, cold, failing, chunked
        self.asked: list[tuple[str, bytes]] = []
        self.url = ""
        self._lock = threading.Lock()

    def answer(self, path: str, body: bytes) -> bytes:
        """The response to a prediction."""
        with self._lock:
            self.asked.append((path, body))
            number = len(self.asked)
        time.sleep(self.seconds)
        if self.failing and number % self.failing == 0:
            return _message(503, b"{}")
        head = "X-Cold-Start: 1\r\n" if number <= self.cold else ""
        if self.chunked:
            return f"HTTP/1.1 200 OK\r\n{head}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode()
        return _message(200, b"{}", head)


def _message(status: int, body: bytes, head: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.wfile.write(_message(200, json.dumps(METADATA).encode()))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.wfile.write(server.answer(self.path, body))

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    listening = LoopbackServer(Handler)
    server.url = f"http://{listening.address}"
    try:
        yield server
    finally:
        listening.stop()
