"""FunctionUrls: the addresses that Lambda gives functions, on the loopback interface.

A request becomes an event of payload format 2.0, and the answer of the function the response, as on AWS.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

from botocore.awsrequest import AWSRequest

from local.emulator import ACCOUNT, CREDENTIALS, REGION
from local.functions import InvokeError, Outcome
from local.gate import new_token, refusal
from local.http_server import JsonHandler, LoopbackServer
from local.signatures import REASON, Expected
from local.signatures import refusal as signature_refusal

Invoke = Callable[[bytes], Outcome]
"""Runs a function on an event. Raises InvokeError where Lambda refuses it."""

TEXTS = ("application/javascript", "application/json", "application/xml")
"""Content types, besides `text/…`, whose bodies are handed on as text."""

SIGNATURE = Expected(
    service="lambda",
    region=REGION,
    secrets={CREDENTIALS["AWS_ACCESS_KEY_ID"]: CREDENTIALS["AWS_SECRET_ACCESS_KEY"]},
)
"""What requests to a URL with IAM's authorization are signed by."""

OPEN, SIGNED = "NONE", "AWS_IAM"


@dataclass(frozen=True, kw_only=True)
class FunctionAddress:
    """A function URL."""

    invoke: Invoke
    auth: str
    """`AWS_IAM` or `NONE`."""
    cors: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """As the provider has it."""


class FunctionUrls:
    """All function URLs of the account. The server starts with the first one and runs until `stop`."""

    def __init__(self) -> None:
        self._addresses: dict[str, FunctionAddress] = {}
        self._server: LoopbackServer | None = None

    def open(self, url_id: str, address: FunctionAddress) -> str:
        """Answer at an address, or answer differently at one that is known; the URL, with a slash at its end."""
        self._addresses[url_id] = address
        if self._server is None:
            self._server = LoopbackServer(self._handler())
        return f"http://{self._server.address}/{url_id}/"

    def close(self, url_id: str) -> None:
        """Answer at an address no more."""
        self._addresses.pop(url_id, None)

    def stop(self) -> None:
        """Stop the server and free the port."""
        if self._server is not None:
            self._server.stop()

    def new_id(self) -> str:
        """An id that nobody guesses: whoever knows it may call."""
        return new_token().lower()

    def _handler(self) -> type[JsonHandler]:
        addresses = self._addresses

        class Handler(JsonHandler):
            def refusal(self, headers: Mapping[str, str], port: int) -> str | None:
                return refusal({"host": headers.get("host", "")}, port)  # its CORS setting decides about pages

            def send_response(self, code: int, message: str | None = None) -> None:
                self.send_response_only(code, message)
                self.send_header("Date", self.date_time_string())

            def answer_any(self) -> None:
                body = self.read_body()
                url_id, _, path = self.path.removeprefix("/").partition("/")
                address = addresses.get(url_id)
                if address is None:
                    self.answer(HTTPStatus.FORBIDDEN, _message("Forbidden"))
                    return
                _respond(self, address, url_id, f"/{path}", body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer_any  # noqa: N815

        return Handler


def _respond(request: JsonHandler, address: FunctionAddress, url_id: str, path: str, body: bytes) -> None:
    shared = _cors_headers(address.cors, request.headers.get("Origin"))
    if request.command == "OPTIONS" and request.headers.get("Access-Control-Request-Method") and address.cors:
        request.answer(HTTPStatus.OK, headers=shared)  # no function runs
        return
    if address.auth == SIGNED and (refused := _unsigned(request, body)):
        headers, content = refused
        request.answer(HTTPStatus.FORBIDDEN, content, {**headers, **shared})
        return
    event = json.dumps(_event(request, url_id, path, body)).encode()
    try:
        outcome = address.invoke(event)
    except InvokeError as error:
        request.answer(error.status, _message(str(error)), shared)
        return
    status, content, headers = _answer(outcome)
    request.answer(status, content, {**headers, **shared})


def _unsigned(request: JsonHandler, body: bytes) -> tuple[dict[str, str], bytes] | None:
    """Headers and body of the answer to a request that is not signed as it must be; None if it is.

    Lambda words what is wrong with a signature, and says no more than `Forbidden` where there is none.
    """
    headers = _headers(request)
    url = f"http://{headers.get('host', '')}{request.path}"
    found = signature_refusal(AWSRequest(request.command, url, headers, body), SIGNATURE)
    if found is None:
        return None
    words = json.dumps({"message": found.message}).encode() if "authorization" in headers else _message("Forbidden")
    return {REASON: found.reason}, words


def _headers(request: JsonHandler) -> dict[str, str]:
    """By lower-case name."""
    return {name.lower(): ", ".join(request.headers.get_all(name) or ()) for name in request.headers}


def _event(request: JsonHandler, url_id: str, path: str, body: bytes) -> dict[str, Any]:
    raw, _, query = path.partition("?")
    headers = _headers(request)
    is_text = _is_text(headers)
    text = body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode()
    client, _ = request.client_address
    asked = {
        "method": request.command,
        "path": unquote(raw),
        "protocol": request.request_version,
        "sourceIp": client,
        "userAgent": headers.get("user-agent", ""),
    }
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(raw),
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": url_id,
            "domainName": headers.get("host", ""),
            "domainPrefix": url_id,
            "http": asked,
            "requestId": secrets.token_hex(16),
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": bool(body) and not is_text,
        **({"body": text} if body else {}),
    }


def _is_text(headers: Mapping[str, str]) -> bool:
    """Whether a body is handed on as text. AWS documents the list for load balancers, and none for function URLs."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return "content-encoding" not in headers and (kind.startswith("text/") or kind in TEXTS)


def _answer(outcome: Outcome) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of the response: what the function says, or 502 where it failed."""
    document: Any = None if outcome.failed else json.loads(outcome.payload)
    if not isinstance(document, dict) or "statusCode" not in document:
        return HTTPStatus.BAD_GATEWAY, b"Internal Server Error", {"Content-Type": "text/plain"}
    answer = cast("dict[str, Any]", document)
    body = str(answer.get("body") or "")
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    return int(answer["statusCode"]), content, {_title(name): value for name, value in answer["headers"].items()}


def _cors_headers(cors: Mapping[str, Any], origin: str | None) -> dict[str, str]:
    origins = cors.get("allowOrigins") or []
    if origin is None or not {"*", origin} & {*origins}:
        return {}
    headers = {"Access-Control-Allow-Origin": "*" if "*" in origins else origin}
    if cors.get("allowCredentials"):
        headers["Access-Control-Allow-Credentials"] = "true"
    for key, name in (("allowMethods", "Allow-Methods"), ("allowHeaders", "Allow-Headers")):
        headers[f"Access-Control-{name}"] = ",".join(cors.get(key) or [])
    headers["Access-Control-Expose-Headers"] = ",".join(cors.get("exposeHeaders") or [])
    return headers


def _title(name: str) -> str:
    """A header's name with capital letters: a header of the answer then replaces the server's own of that name."""
    return "-".join(part.capitalize() for part in name.split("-"))


def _message(text: str) -> bytes:
    return json.dumps({"Message": text}).encode()
