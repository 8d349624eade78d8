"""Requests of callers: plain, signed, or with a token."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from clients.signing import Signer, service_of
from local.emulator import REGION
from local.stack import LocalStack

ROW = [5.1, 3.5, 1.4, 0.2]
ROWS = {"instances": [ROW]}
COLUMNS = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 4], "data": ROW}]}
PREDICT, INFER = "/v1/models/iris:predict", "/v2/models/iris/infer"


class Got(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def signer(monkeypatch: Any, stack: LocalStack) -> Signer:
    """A signer for a stack, with the key of the emulated account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    return Signer(REGION, service=service_of(str(stack.deployment.outputs["requestsArn"])))


def ask(
    stack: LocalStack,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    auth: Any = None,
) -> Got:
    """Ask a stack. A body that is no bytes is sent as JSON; without one it is a GET."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    typed = {"content-type": "application/json"} if content is not None and not isinstance(body, bytes) else {}
    answer = httpx.request(
        "GET" if content is None else "POST",
        stack.api_url + path,
        content=content,
        headers={**typed, **(headers or {})},
        auth=auth,
        timeout=60,
    )
    return Got(answer.status_code, answer.headers, answer.content)
