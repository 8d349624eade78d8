"""Clients of AWS."""

from collections.abc import Mapping
from typing import Any

CONNECTIONS = 16
"""How many requests may be under way at once."""

TRIES = 6
"""How often a request is sent at most, with growing pauses."""


def client(service: str, environment: Mapping[str, str], read_timeout: int = 60) -> Any:
    """A client of a service of AWS.

    Args:
        service: its name in boto3.
        environment: AWS's variables for an endpoint, a region and keys; those of this process stand in for each that
            is missing.
        read_timeout: seconds to wait for an answer.
    """
    import boto3  # takes 0.2 s, and most commands do without
    from botocore.config import Config

    session = boto3.Session(
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
        region_name=environment.get("AWS_REGION"),
    )
    config = Config(
        connect_timeout=10,
        read_timeout=read_timeout,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
    )
    # boto3's overloads know services by literal name only.
    return session.client(service, endpoint_url=environment.get("AWS_ENDPOINT_URL"), config=config)  # pyright: ignore
