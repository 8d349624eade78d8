"""Function: a function's configuration, and Lambda's own limits, reports and errors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.log_levels import LogLevels
from local.role_permissions import Need

PAYLOAD_BYTES = 6_291_556
"""Largest request and largest response of a synchronous invocation: 6 MB and a little for the envelope.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function's configuration."""

    name: str
    arn: str
    handler: str
    """The image's command, such as `handlers.multi_model.handler`."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    endpoints: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further variables, which no configuration has: where AWS's services are on this machine."""
    memory_mib: int = 128
    ephemeral_storage_mib: int = 512
    """The size of /tmp, in a container."""
    timeout_seconds: float = 3
    version: str = "$LATEST"
    revision: str = ""
    """Tells this configuration and code from others that the function had, and that its aliases may still stand for."""
    reserved_concurrency: int | None = None
    mounts: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Directories of this machine, by the path where the function mounts them, such as `/mnt/models`."""
    image_uri: str = ""
    """The image that a container runs. A process runs the sources instead."""
    role: str = ""
    """The name of its role."""
    log_group: str = ""
    """The log group that its configuration names; empty for Lambda's own choice."""
    log_levels: LogLevels = field(default_factory=LogLevels)
    """From which level on its lines are handed to CloudWatch Logs."""
    needs: tuple[Need, ...] = ()
    """What its role must be allowed, so that an environment can start and read the models."""

    @property
    def log_group_name(self) -> str:
        """Where its log is in CloudWatch Logs."""
        return self.log_group or f"/aws/lambda/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The content of Lambda's REPORT line, in milliseconds and bytes."""

    request_id: str
    duration_ms: float
    max_memory_bytes: int
    memory_mib: int
    init_ms: float | None = None
    """None if a warm environment answered."""
    error_type: str | None = None

    @property
    def cold(self) -> bool:
        """Whether the invocation had a cold start."""
        return self.init_ms is not None

    def line(self) -> str:
        """The REPORT line in Lambda's format."""
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
    """The handler's result as JSON, or an object with errorType and errorMessage."""
    report: Report
    failed: bool = False
    """Whether the response has the header `X-Amz-Function-Error`."""


class InvokeError(Exception):
    """Lambda refused an invocation; no handler ran."""

    def __init__(self, status: int, code: str, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = json.dumps({"Type": "User", "message": message} | ({"Reason": reason} if reason else {})).encode()


def unknown_function(name: str) -> InvokeError:
    """404: there is no function with this name."""
    return InvokeError(404, "ResourceNotFoundException", f"Function not found: {name}")


def not_permitted(name: str) -> InvokeError:
    """403: the caller has no permission to invoke a function."""
    message = f"User is not authorized to perform: lambda:InvokeFunction on resource: {name}"
    return InvokeError(403, "AccessDeniedException", message)


def not_granted(role: str, need: Need) -> InvokeError:
    """403: a function's role may not do what the function needs."""
    return InvokeError(403, "AccessDeniedException", f"The role {role} is not authorized to perform: {need}")


def request_too_large(size: int) -> InvokeError:
    """413: the event is larger than `PAYLOAD_BYTES`."""
    message = f"{size} byte payload is too large for the RequestResponse invocation type (limit {PAYLOAD_BYTES} bytes)"
    return InvokeError(413, "RequestTooLargeException", message)


def throttled(reason: str) -> InvokeError:
    """429: the concurrency limit is reached."""
    return InvokeError(429, "TooManyRequestsException", "Rate Exceeded.", reason)


RESPONSE_TOO_LARGE = "Function.ResponseSizeTooLarge"


def error_payload(error_type: str, message: str, **more: Any) -> bytes:
    """The payload of an invocation that failed."""
    return json.dumps({"errorType": error_type, "errorMessage": message, **more}).encode()
