"""LoopbackServer: the standard library's threading HTTP server, for many small requests on 127.0.0.1."""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from local.emulator import HOST
from local.gate import refusal


class LoopbackServer(ThreadingHTTPServer):
    """Runs from construction until `stop`, with a thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        super().__init__((HOST, port), handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{HOST}:{self.server_address[1]}"

    def stop(self) -> None:
        """Stop the server and free the port."""
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: a worker that is killed closes its connection, which is expected."""


class JsonHandler(BaseHTTPRequestHandler):
    """Reads a body, sends a response, keeps the connection open and logs nothing. It refuses web pages."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def parse_request(self) -> bool:
        """Whether the request is to be answered. A page in a browser can send one to any port of this machine."""
        if not super().parse_request():
            return False
        headers = {name.lower(): value for name, value in self.headers.items()}
        _, port = cast("tuple[str, int]", self.server.server_address)
        reason = self.refusal(headers, port)
        if reason is not None:
            self.close_connection = True
            self.send_error(403, reason)
        return reason is None

    def refusal(self, headers: Mapping[str, str], port: int) -> str | None:
        """Why a request is not answered; None if nothing speaks against it. See `local.gate.refusal`."""
        return refusal(headers, port)

    def read_body(self) -> bytes:
        """The request's body, chunked or not."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a response. Its content type is JSON unless `headers` has another one."""
        self.send_response_only(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the standard library's name
        """Log nothing: the functions' logs have every request."""
