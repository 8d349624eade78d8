"""Gate: stands in front of the emulated AWS, and lets only those pass who know its token.

A web page can send requests to this machine, and a host name can be made to lead to it. Neither knows the token, which
is part of every address that the local stack gives out. A page says in `Origin` who it is; only a deployed API or
load balancer, whose own answer says which pages may read it, answers pages at all.
"""

import contextlib
import os
import resource
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any

TOKEN_VARIABLE = "LOCAL_STACK_TOKEN"  # noqa: S105 the name of a variable
KEYS_VARIABLE = "LOCAL_STACK_TOKEN_KEYS"
"""The public keys of this machine's issuer of tokens, as JSON."""
MOST_VARIABLE = "LOCAL_STACK_MOST_INVOCATIONS"
"""How many invocations are on their way to functions at a time; 0 for all that come."""
PORT_VARIABLE = "GATEWAY_PORT"
"""Where ministack looks for its port."""

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open: as ministack has it."""

API_PATHS = "/_aws/execute-api/"
BALANCER_PATHS = "/_alb/"
"""Below the token: the deployed APIs and load balancers."""

DOMAIN_PATHS = "/_aws/domains/"
"""Below the token: domain names of APIs, which no resolver knows. What follows a name is the path there."""

asked_url: ContextVar[str] = ContextVar("asked_url", default="")
"""The path and query of the present request, as its caller sent and signed them: with the token."""
asked_by_name: ContextVar[bool] = ContextVar("asked_by_name", default=False)
"""Whether the present request is to a domain name, and not to AWS's own address of an API."""

Scope = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Send], Awaitable[None]]


def new_token() -> str:
    """A token that nobody guesses, and that a URL can hold."""
    return secrets.token_urlsafe(24)


def refusal(headers: Mapping[str, str], port: int) -> str | None:
    """Why a request to a server on the loopback interface must not be answered; None if nothing speaks against it.

    Args:
        headers: by their names in small letters.
        port: the server's.
    """
    if headers.get("host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
        return "the request names another host than this machine's loopback interface"
    if "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "the request comes from a web page"
    return None


class Gate:
    """An ASGI application in front of another one. It passes on what comes with the token, without the token."""

    def __init__(self, behind: Application, token: str, port: int, api_of: Callable[[str], str | None]) -> None:
        """`api_of`: the path of the API that a domain name leads to; None if there is no such name."""
        self._behind, self._api_of = behind, api_of
        self._prefix = f"/{token}"
        self._port = port

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._behind(scope, receive, send)
            return
        path = self._without_token(scope["path"])
        if path is None:
            await _refuse(scope, send, 404, "there is nothing here")
            return
        sent = scope["raw_path"].decode("latin-1")
        raw = sent.removeprefix(self._prefix) or "/"
        asked_by_name.set(path.startswith(DOMAIN_PATHS))
        if asked_by_name.get():
            name = path.removeprefix(DOMAIN_PATHS).partition("/")[0]
            if (api := self._api_of(name)) is None:
                await _refuse(scope, send, 404, f"no API has the domain name {name!r}")
                return
            path, raw = (api + each.removeprefix(f"{DOMAIN_PATHS}{name}") for each in (path, raw))
        headers = _by_name(scope["headers"])
        if path.startswith((API_PATHS, BALANCER_PATHS)):
            headers = {"host": headers.get("host", "")}
        if reason := refusal(headers, self._port):
            await _refuse(scope, send, 403, reason)
            return
        query = scope.get("query_string", b"").decode("latin-1")
        asked_url.set(f"{sent}?{query}" if query else sent)
        await self._behind({**scope, "path": path, "raw_path": raw.encode("latin-1")}, receive, send)

    def _without_token(self, path: str) -> str | None:
        """The path below the token; None if the path does not begin with it."""
        first, slash, rest = path.removeprefix("/").partition("/")
        if not secrets.compare_digest(first.encode(), self._prefix.removeprefix("/").encode()):
            return None
        return f"{slash}{rest}" or "/"


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{reason}\n".encode()})


def run_ministack() -> None:
    """Run ministack behind a gate until the process is ended.

    The server is not ministack's own: that one is written in Python alone, and takes half of the time of a request.
    """
    import uvicorn
    from ministack import app as ministack  # reads its settings from the environment when it is imported

    def api_of(name: str) -> str | None:
        led = ministack._resolve_custom_domain_request(name, "/")  # pyright: ignore
        if led is None:
            return None
        api, stage, _ = led
        return f"{API_PATHS}{api}" if stage == "$default" else f"{API_PATHS}{api}/{stage}"

    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses one without an end
        resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # a load opens many connections
    port = int(os.environ[PORT_VARIABLE])
    uvicorn.run(
        Gate(ministack.app, os.environ.pop(TOKEN_VARIABLE), port, api_of),
        host=os.environ["BIND_HOST"],
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,  # ministack's answers have the headers that AWS's have
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
