"""GatewayPermissions: which APIs and load balancers may invoke which functions.

The emulator keeps these permissions and asks for none.
"""

import threading
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from local.emulator import ACCOUNT, REGION

PRINCIPALS = ("apigateway.amazonaws.com", "elasticloadbalancing.amazonaws.com")

ACCEPTED_SECONDS = 1.0
"""How long a permission that was removed still admits: API Gateway accepted these requests before."""


class GatewayPermissions:
    """The permissions of these services to invoke functions, by function and statement."""

    def __init__(self) -> None:
        self._patterns: dict[tuple[str, str], str] = {}
        self._removed: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def add(self, function: str, statement: str, pattern: str) -> None:
        """Admit requests whose ARN matches a pattern such as `arn:aws:execute-api:REGION:ACCOUNT:API/*/*`."""
        with self._lock:
            self._patterns[function_name(function), statement] = pattern
            self._removed.pop((function_name(function), statement), None)

    def remove(self, function: str, statement: str) -> None:
        """Admit no further requests."""
        with self._lock:
            self._removed[function_name(function), statement] = time.monotonic()

    def admit(self, function: str, event: Mapping[str, Any]) -> bool:
        """Whether the sender of an event may invoke a function: API Gateway, or a load balancer."""
        arn = _arn(event)
        with self._lock:
            patterns = [
                pattern
                for (name, statement), pattern in self._patterns.items()
                if name == function and self._holds(name, statement)
            ]
        return any(fnmatchcase(arn, pattern) for pattern in patterns)

    def _holds(self, function: str, statement: str) -> bool:
        removed = self._removed.get((function, statement))
        return removed is None or time.monotonic() - removed < ACCEPTED_SECONDS


def _arn(event: Mapping[str, Any]) -> str:
    """The ARN that the sender gives as the source of an invocation."""
    context = event["requestContext"]
    if "elb" in context:
        return str(context["elb"]["targetGroupArn"])
    if event.get("type") == "REQUEST":
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{context['apiId']}/authorizers/any"
    method = context["http"]["method"] if "http" in context else context.get("httpMethod", "")
    path = event.get("rawPath") or event.get("path", "/")
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{context['apiId']}/{context.get('stage', '')}/{method}{path}"


def function_name(function: str) -> str:
    """A function's name, of its name or its ARN."""
    parts = function.split(":")
    return parts[6] if len(parts) > 6 else function
