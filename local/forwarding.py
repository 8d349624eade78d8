"""Forwarding: the emulator's invocations reach the process that runs the functions, over connections that stay open."""

import asyncio
import json
import uuid
from typing import Any

import aiohttp

GATEWAY_SECONDS = 30.0
"""How long an HTTP API waits for its integration.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""


class Forwarding:
    """Invokes functions at their URLs. Belongs to the event loop in which it first does."""

    def __init__(self, most: int = 0) -> None:
        """Let so many invocations be on their way at a time, and the others wait; 0 lets all."""
        self._most = most
        self._session: aiohttp.ClientSession | None = None

    async def forward(self, event: Any, url: str, trace_id: str | None = None) -> dict[str, Any]:
        """Invoke the function at a URL. Returns what ministack's executors return. `trace_id`: that of X-Ray, if the
        function is traced.

        Only API Gateway gives up by itself. Everyone else waits for the function, whose timeout is kept where it runs.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=self._most))
        headers = {"Content-Type": "application/json", "X-Amzn-Lambda-Request-Id": str(uuid.uuid4())}
        if trace_id:
            headers["X-Amzn-Trace-Id"] = trace_id
        body = json.dumps(event, ensure_ascii=False).encode()
        seconds = aiohttp.ClientTimeout(total=GATEWAY_SECONDS if is_from_gateway(event) else None)
        try:
            async with self._session.post(url, data=body, headers=headers, timeout=seconds) as answer:
                payload = await answer.read()
        except TimeoutError:
            return {"body": gateway_answer(503, "Service Unavailable")}
        except aiohttp.ClientError as error:
            return _failure(f"{url} cannot be reached: {error}")
        if not 200 <= answer.status < 300:
            return _failure(f"{url} answered {answer.status}: {payload[:512].decode('utf-8', 'replace')}")
        try:
            return {"body": json.loads(payload) if payload else None}
        except ValueError:
            return _failure(f"{url} answered no JSON: {payload[:512].decode('utf-8', 'replace')}")

    def forward_from_thread(
        self, loop: asyncio.AbstractEventLoop, event: Any, url: str, trace_id: str | None
    ) -> dict[str, Any]:
        """The same for a thread that may wait."""
        return asyncio.run_coroutine_threadsafe(self.forward(event, url, trace_id), loop).result()

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()


def is_from_gateway(event: Any) -> bool:
    """Whether API Gateway sends this event."""
    match event:
        case {"requestContext": {"apiId": _}}:
            return True
        case _:
            return False


def gateway_answer(status: int, message: str) -> dict[str, Any]:
    """What a function would return for an answer that is API Gateway's own."""
    body = json.dumps({"message": message})
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}


def _failure(message: str) -> dict[str, Any]:
    return {"body": {"errorMessage": message, "errorType": "Runtime.HandlerError"}, "error": True}
