"""One request over HTTP, and the parts of its answer that a caller may rely on."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

OWN_TO_EACH_ANSWER = frozenset(
    {"apigw-requestid", "connection", "date", "x-amzn-requestid", "x-amz-request-id", "x-cold-start"}
)
"""Headers with the id or the time of an answer, or with the age of its environment."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})

    def __str__(self) -> str:
        return f"{self.method} {self.path} {(self.body or b'')[:120]!r}"


@dataclass(frozen=True)
class Answer:
    """An answer, without the headers in `OWN_TO_EACH_ANSWER`."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def get(path: str) -> Ask:
    return Ask(method="GET", path=path, headers={})


def post(path: str, document: Any) -> Ask:
    return Ask(method="POST", path=path, body=json.dumps(document).encode())


def exchange(api_url: str, ask: Ask) -> Answer:
    parts = urlsplit(api_url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        connection.request(ask.method, parts.path + ask.path, ask.body, dict(ask.headers))
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        kept = {name: value for name, value in headers.items() if name not in OWN_TO_EACH_ANSWER}
        return Answer(answer.status, tuple(sorted(kept.items())), answer.read())
    finally:
        connection.close()
