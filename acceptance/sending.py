"""Sends a caller's requests, also where DNS does not lead a host name to the host that answers for it."""

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

ANSWER_SECONDS = 60


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str]
    """By names in small letters."""


def send(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], host: str, tls: ssl.SSLContext | None = None
) -> Answer:
    """The answer to a request.

    Args:
        method: of HTTP.
        url: where to.
        body: the content, if there is any.
        headers: all but those that every request has.
        host: the host that answers, if need be with its port; the certificate is that of the host name in `url`.
        tls: what is trusted; by default what this machine trusts.

    Raises:
        OSError: no answer came.
    """
    sent = urllib.request.Request(url, body, dict(headers), method=method)  # noqa: S310 the stack's
    elsewhere = [] if host == urlsplit(url).netloc else [_Elsewhere(host, tls or ssl.create_default_context())]
    try:
        with urllib.request.build_opener(*elsewhere).open(sent, timeout=ANSWER_SECONDS) as answer:
            return Answer(answer.status, answer.read(), _by_name(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), _by_name(error.headers))
    except http.client.HTTPException as error:
        raise OSError(f"the answer ended early: {error!r}") from error


def _by_name(headers: Message) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _Elsewhere(urllib.request.HTTPSHandler):
    """Connects to one host, whichever a URL names."""

    def __init__(self, host: str, tls: ssl.SSLContext) -> None:
        super().__init__()
        self._made = partial(_Connection, at=host, tls=tls)

    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(self._made, req)


class _Connection(http.client.HTTPSConnection):
    """Of one host name, at another host."""

    def __init__(self, host: str, *, at: str, tls: ssl.SSLContext, **options: Any) -> None:
        super().__init__(host, context=tls, **options)
        self._at, self._tls = at, tls

    def connect(self) -> None:
        name, _, port = self._at.partition(":")
        plain = socket.create_connection((name, int(port or self.port)), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
