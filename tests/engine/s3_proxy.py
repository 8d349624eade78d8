"""A proxy between functions and the emulated S3, which can do what S3 does on its bad days."""

import http.client
import http.server
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from local.http_server import LoopbackServer
from tests.handlers.s3_server import SLOW_SECONDS, STATUSES, Fault

HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "host"})


class S3Proxy:
    """Passes GET and HEAD on. `faults` says for keys that end so what is wrong with them."""

    def __init__(self, emulator: str) -> None:
        self.faults: Mapping[str, Fault] = {}
        self.hit = 0
        """How many requests met a fault."""
        self._over = threading.Event()
        parts = urlsplit(emulator)
        proxy = self

        class Handler(_Handler):
            faulty, host, port = proxy, parts.hostname or "", parts.port or 80

        self._server = LoopbackServer(Handler)
        self.url = f"http://{self._server.address}{parts.path}"

    def fault_of(self, path: str) -> Fault | None:
        """The fault that a request meets."""
        found = next(
            (fault for end, fault in self.faults.items() if unquote(path.partition("?")[0]).endswith(end)), None
        )
        self.hit += found is not None
        return found

    def begin(self, end: str, fault: Fault) -> None:
        """Let requests for keys that end so meet a fault."""
        self._over.clear()
        self.faults = {end: fault}

    def stop_faults(self) -> None:
        """Let all requests pass, also those that are being slowed down."""
        self.faults = {}
        self._over.set()

    def wait(self) -> None:
        """Until the faults end."""
        self._over.wait(SLOW_SECONDS)

    def stop(self) -> None:
        """End the proxy."""
        self._over.set()
        self._server.stop()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faulty: S3Proxy
    host: str
    port: int

    def do_GET(self) -> None:
        fault = self.faulty.fault_of(self.path)
        if fault == "slow":
            self.faulty.wait()
        if fault in STATUSES:
            self._send(STATUSES[fault], {}, b"<Error><Code>Fault</Code></Error>")
            return
        status, headers, body = self._passed_on()
        if fault == "wrong bytes":
            body = bytes(255 - each for each in body)
        if fault == "truncated":
            self.close_connection = True
            self._send(status, headers, body[: len(body) // 2], length=len(body))
            return
        self._send(status, headers, body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _passed_on(self) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection.request(self.command, self.path, headers={**headers, "Host": f"{self.host}:{self.port}"})
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the standard library's name
        """Say nothing."""
