"""Function: what Lambda knows of a function before it runs, and the limits and answers that are Lambda's own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAYLOAD_BYTES = 6_291_556
"""Largest request and largest answer of a synchronous invocation: 6 MB and a little for the envelope.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

INIT_SECONDS = 10.0
"""How long the init phase may take; one that takes longer is run again inside the first invocation.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""

ACCOUNT_CONCURRENCY = 10
"""How many environments run at a time over all functions: what AWS gives a new account."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function's configuration."""

    name: str
    arn: str
    handler: str
    """The image's command, such as `handlers.multi_model.handler`."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    memory_mib: int = 128
    ephemeral_storage_mib: int = 512
    """The size of /tmp, in a container."""
    timeout_seconds: float = 3
    version: str = "$LATEST"
    revision: str = ""
    """Tells this configuration and code from others that the function had, and that its aliases may still stand for."""
    reserved_concurrency: int | None = None
    mounts: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Directories of this machine by the path under which the function sees them, such as `/mnt/models`."""
    image_uri: str = ""
    """The image that a container worker runs; a process worker runs the sources instead."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What Lambda's REPORT line says of an invocation. Milliseconds and bytes."""

    request_id: str
    duration_ms: float
    max_memory_bytes: int
    memory_mib: int
    init_ms: float | None = None
    """None when a warm environment answered."""
    error_type: str | None = None

    @property
    def cold(self) -> bool:
        """Whether the invocation waited for a new environment."""
        return self.init_ms is not None

    def line(self) -> str:
        """The REPORT line, in Lambda's own form."""
        parts = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Memory Size: {self.memory_mib} MB",
            f"Max Memory Used: {self.max_memory_bytes // 2**20} MB",
        ]
        if self.init_ms is not None:
            parts.append(f"Init Duration: {self.init_ms:.2f} ms")
        if self.error_type is not None:
            parts.append(f"Status: error\tError Type: {self.error_type}")
        return "\t".join(parts)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an invocation ended."""

    payload: bytes
    """What the handler returned, as JSON; or an object with errorType and errorMessage."""
    report: Report
    failed: bool = False
    """Whether the answer carries `X-Amz-Function-Error`."""


class InvokeError(Exception):
    """Lambda refused an invocation before any handler ran."""

    def __init__(self, status: int, code: str, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = json.dumps({"Type": "User", "message": message} | ({"Reason": reason} if reason else {})).encode()


def unknown_function(name: str) -> InvokeError:
    """404: no function has this name."""
    return InvokeError(404, "ResourceNotFoundException", f"Function not found: {name}")


def request_too_large(size: int) -> InvokeError:
    """413: the event is over `PAYLOAD_BYTES`."""
    message = f"{size} byte payload is too large for the RequestResponse invocation type (limit {PAYLOAD_BYTES} bytes)"
    return InvokeError(413, "RequestTooLargeException", message)


def throttled(reason: str) -> InvokeError:
    """429: no further environment may be started now."""
    return InvokeError(429, "TooManyRequestsException", "Rate Exceeded.", reason)


def error_payload(error_type: str, message: str, **more: Any) -> bytes:
    """The answer of an invocation that failed."""
    return json.dumps({"errorType": error_type, "errorMessage": message, **more}).encode()
