"""A small S3 over HTTP: signed GETs of objects, parts of objects and listings, and faults on demand."""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "models-bucket"

Fault = Literal["slow", "busy", "absent", "truncated", "wrong bytes", "denied"]
"""Slow: the answer takes longer than any caller waits. Busy: 503. Denied: 403. Truncated: the connection breaks in the
middle. Wrong bytes: as many as there should be."""

SLOW_SECONDS = 60.0

STATUSES: dict[Fault | None, int] = {"busy": 503, "absent": 404, "denied": 403}


class S3Server(ThreadingHTTPServer):
    """Objects by key. `faults` says for keys that end so what is wrong with them; `break_after` ends the next answers
    early; `refuse` fails the next ones with these statuses; while it is `silent` it answers nothing;
    `replace_after_parts` puts another content under a key once so many parts were answered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.ranges: list[str] = []
        self.statuses: list[int] = []
        self.refuse: list[int] = []
        self.break_after: list[int] = []
        self.page_size = 1000
        self.silent = threading.Event()
        self.replace_after_parts: tuple[int, str, bytes] | None = None
        self.faults: dict[str, Fault] = {}
        self.over = threading.Event()
        """Ends what is slow."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, prefix: str, files: dict[str, bytes]) -> None:
        self.objects |= {f"{prefix}/{name}": content for name, content in files.items()}


@contextmanager
def running() -> Iterator[S3Server]:
    server = S3Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: S3Server

    def do_GET(self) -> None:
        assert self.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=")
        parts = urlsplit(self.path)
        key = unquote(parts.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        self.server.asked[key] += 1
        if self.server.silent.is_set():
            time.sleep(1)
            self.close_connection = True
            return
        fault = next((fault for end, fault in self.server.faults.items() if key.endswith(end)), None)
        if fault == "slow":
            self.server.over.wait(SLOW_SECONDS)
        if self.server.refuse:
            self._answer(self.server.refuse.pop(0), b"")
        elif fault in STATUSES:
            self._answer(STATUSES[fault], b"<Error><Code>Fault</Code></Error>")
        elif fault in ("truncated", "wrong bytes"):
            self._damaged(self.server.objects[key], fault)
        elif not key:
            self._list({name: values[0] for name, values in parse_qs(parts.query).items()})
        elif (content := self.server.objects.get(key)) is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._object(content)

    def _damaged(self, content: bytes, fault: Fault) -> None:
        sent = content[: len(content) // 2] if fault == "truncated" else bytes(255 - each for each in content)
        self.server.statuses.append(200)
        self.send_response(200)
        self.send_header("ETag", '"fault"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(sent)
        self.close_connection = True

    def _object(self, content: bytes) -> None:
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        if self.headers["if-none-match"] == etag:
            self._answer(304, b"", etag)
        elif wanted := self.headers["range"]:
            self.server.ranges.append(wanted)
            if (change := self.server.replace_after_parts) and len(self.server.ranges) == change[0]:
                self.server.objects[change[1]] = change[2]
            first, last = wanted.removeprefix("bytes=").split("-")
            self._answer(206, content[int(first) : int(last) + 1], etag)
        else:
            self._answer(200, content, etag)

    def _list(self, query: dict[str, str]) -> None:
        prefix, delimiter = query["prefix"], query.get("delimiter")
        keys = sorted(key for key in self.server.objects if key.startswith(prefix))
        start = int(query.get("continuation-token", "0"))
        page, more = keys[start : start + self.server.page_size], start + self.server.page_size < len(keys)
        if delimiter:
            names = sorted({key[len(prefix) :].split("/")[0] for key in keys if "/" in key[len(prefix) :]})
            body = "".join(f"<CommonPrefixes><Prefix>{escape(prefix + n)}/</Prefix></CommonPrefixes>" for n in names)
            more = False
        else:
            body = "".join(
                f"<Contents><Key>{escape(key)}</Key><Size>{len(self.server.objects[key])}</Size></Contents>"
                for key in page
            )
        token = f"<NextContinuationToken>{start + self.server.page_size}</NextContinuationToken>" if more else ""
        cut = str(more).lower()
        self._answer(
            200, f"<ListBucketResult><IsTruncated>{cut}</IsTruncated>{token}{body}</ListBucketResult>".encode()
        )

    def _answer(self, status: int, body: bytes, etag: str = "") -> None:
        self.server.statuses.append(status)
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.break_after and len(body) > self.server.break_after[0]:
            self.wfile.write(body[: self.server.break_after.pop(0)])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""
