"""Events of an HTTP API."""

import base64
import time
from collections.abc import Mapping
from typing import Any

Event = dict[str, Any]


def http_event(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Event:
    """An API Gateway HTTP API event, payload format 2.0.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""
    headers = {"host": "localhost", "content-length": str(len(body)), "user-agent": "benchmarks", **(headers or {})}
    binary = headers.get("content-type") == "application/octet-stream"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "benchmark",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "benchmarks",
            },
            "requestId": "benchmark",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": base64.b64encode(body).decode() if binary else body.decode(),
        "isBase64Encoded": binary,
    }
