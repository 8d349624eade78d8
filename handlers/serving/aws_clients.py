"""Clients of boto3, each made once. boto3 is imported by the first one: few requests need it."""

import threading
from typing import Any, Literal

TIMEOUT_SECONDS = 20
"""How long to wait for data on a connection."""

_lock = threading.Lock()
_clients: dict[str, Any] = {}


def client(service: Literal["s3", "sqs"]) -> Any:
    """The client of a service in the function's region."""
    with _lock:
        if service not in _clients:
            import boto3
            from botocore.config import Config

            limits = Config(connect_timeout=5, read_timeout=TIMEOUT_SECONDS, retries={"mode": "standard"})
            # boto3's overloads know services by literal name only.
            _clients[service] = boto3.client(service, config=limits)  # pyright: ignore
        return _clients[service]
