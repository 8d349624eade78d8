"""BucketEvents: whom each bucket tells of its events: functions, and services that follow it by EventBridge."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

CHANGES = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")


class BucketEvents:
    """The notification configurations of the account's buckets.

    A bucket has one configuration. The program replaces it as a whole. An emulated service that follows the bucket has
    the events from EventBridge, as long as the configuration says that EventBridge gets them.
    """

    seen_seconds = 0.5
    """How long after a permission to call a function was given S3 does not see it. AWS names no time."""

    def __init__(self) -> None:
        self._seen_at: dict[tuple[str, str], float] = {}
        self._told: dict[str, Sequence[Mapping[str, Any]]] = {}
        self._followers: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._eventbridge: dict[str, bool] = {}
        self._lock = threading.Lock()

    def permit(self, function: str, statement: str) -> None:
        """Note that S3 was given the permission to call a function: by the function's name and the statement's id."""
        with self._lock:
            self._seen_at[function, statement] = time.monotonic() + self.seen_seconds

    def sees(self, function: str, statement: str) -> bool:
        """Whether S3 sees a permission."""
        with self._lock:
            return time.monotonic() >= self._seen_at.get((function, statement), 0)

    def tell(
        self, client: Any, bucket: str, to_functions: Sequence[Mapping[str, Any]], *, eventbridge: bool = False
    ) -> None:
        """Replace a bucket's configuration. `client` is a boto3 client of S3."""
        with self._lock:
            self._told[bucket], self._eventbridge[bucket] = to_functions, eventbridge
            self._put(client, bucket)

    def follow(self, client: Any, bucket: str, follower: str, to_function: Mapping[str, Any] | None) -> None:
        """Let a service follow a bucket, and switch EventBridge on for it; with None, no longer."""
        with self._lock:
            followers = self._followers.setdefault(bucket, {})
            if to_function is None:
                followers.pop(follower, None)
            else:
                followers[follower], self._eventbridge[bucket] = to_function, True
            self._put(client, bucket)

    def told(self, bucket: str) -> bool | None:
        """Whether EventBridge gets a bucket's events; None if the program told nobody."""
        with self._lock:
            return self._eventbridge[bucket] if bucket in self._told else None

    def forget(self, client: Any, bucket: str) -> None:
        """Delete a bucket's configuration."""
        self.tell(client, bucket, [])
        with self._lock:
            del self._told[bucket]

    def _put(self, client: Any, bucket: str) -> None:
        followed = self._followers.get(bucket, {}).values() if self._eventbridge.get(bucket) else ()
        together = [*self._told.get(bucket, ()), *followed]
        client.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": together}
        )

    def followers(self, bucket: str) -> frozenset[str]:
        """The ARNs of the functions by which emulated services follow a bucket."""
        with self._lock:
            return frozenset(told["LambdaFunctionArn"] for told in self._followers.get(bucket, {}).values())


def to_function(
    arn: str, events: Sequence[str] = CHANGES, prefix: str | None = None, suffix: str | None = None
) -> dict[str, Any]:
    """The part of a notification configuration that calls one function."""
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    return {"LambdaFunctionArn": arn, "Events": list(events), "Filter": {"Key": {"FilterRules": rules}}}
