"""BucketEvents: what follows a bucket. A bucket has one notification configuration; here it has several authors."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

CHANGES = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")


class BucketEvents:
    """The notification configurations of the account's buckets: what the program asks for, and what AWS's own
    services add. The emulator delivers to Lambda, and Lambda to the workers."""

    def __init__(self) -> None:
        self._configurations: dict[str, dict[str, Sequence[Mapping[str, Any]]]] = {}
        self._lock = threading.Lock()

    def set(self, client: Any, bucket: str, author: str, to_functions: Sequence[Mapping[str, Any]]) -> None:
        """Replace what one author asks of a bucket; what others asked stays. `client` is boto3's for S3."""
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


def to_function(
    arn: str, events: Sequence[str] = CHANGES, prefix: str | None = None, suffix: str | None = None
) -> dict[str, Any]:
    """One function's part of a notification configuration."""
    rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
    return {"LambdaFunctionArn": arn, "Events": list(events), "Filter": {"Key": {"FilterRules": rules}}}
