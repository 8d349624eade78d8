"""LogDelivery: hands the functions' log lines to the emulated CloudWatch Logs, as Lambda does."""

import contextlib
import time
import uuid
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.periodic_sender import PeriodicSender

MOST_SENT = 200
"""How many lines one request carries: CloudWatch Logs takes 10,000 of up to 1 MiB together."""


class LogDelivery(PeriodicSender):
    """Reads lines and sends them, from construction until `stop`. `client` is a boto3 client of CloudWatch Logs."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._read: dict[str, list[dict[str, Any]]] = {}
        self._streams: set[str] = set()
        self._stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{uuid.uuid4().hex}"
        super().__init__()

    def read(self, group: str, line: str) -> None:
        """Keep a line of a log group."""
        event = {"timestamp": time.time_ns() // 1_000_000, "message": line}
        with self._lock:
            self._read.setdefault(group, []).append(event)

    def _send(self) -> None:
        with self._lock:
            read, self._read = self._read, {}
        for group, events in read.items():
            # A function that was deleted has no log group any more, and the emulator may be too busy to answer.
            with contextlib.suppress(BotoCoreError, ClientError):
                if group not in self._streams:
                    self._client.create_log_stream(logGroupName=group, logStreamName=self._stream)
                    self._streams.add(group)
                for start in range(0, len(events), MOST_SENT):
                    self._client.put_log_events(
                        logGroupName=group, logStreamName=self._stream, logEvents=events[start : start + MOST_SENT]
                    )
