"""BucketEvents: the notification configuration of each bucket, put together from several authors."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

PROGRAM = "the program"
"""The author that is no service of AWS's."""

CHANGES = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")


class BucketEvents:
    """The notification configurations of the account's buckets.

    A bucket has one configuration. Two authors add to it: the program, and an emulated service that follows the bucket.
    """

    def __init__(self) -> None:
        self._configurations: dict[str, dict[str, Sequence[Mapping[str, Any]]]] = {}
        self._lock = threading.Lock()

    def set(self, client: Any, bucket: str, author: str, to_functions: Sequence[Mapping[str, Any]]) -> None:
        """Replace one author's part of a bucket's configuration. `client` is a boto3 client of S3."""
        with self._lock:
            authors = self._configurations.setdefault(bucket, {})
            authors[author] = to_functions
            if not to_functions:
                del authors[author]
            together = [each for configurations in authors.values() for each in configurations]
            client.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": together}
            )

    def has(self, bucket: str, author: str) -> bool:
        """Whether an author asks for events of a bucket."""
        with self._lock:
            return author in self._configurations.get(bucket, {})

    def followers(self, bucket: str) -> frozenset[str]:
        """The ARNs of the functions by which emulated services follow a bucket."""
        with self._lock:
            services = [told for author, told in self._configurations.get(bucket, {}).items() if author != PROGRAM]
            return frozenset(each["LambdaFunctionArn"] for told in services for each in told)


def to_function(
    arn: str, events: Sequence[str] = CHANGES, prefix: str | None = None, suffix: str | None = None
) -> dict[str, Any]:
    """The part of a notification configuration that calls one function."""
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    return {"LambdaFunctionArn": arn, "Events": list(events), "Filter": {"Key": {"FilterRules": rules}}}
