"""EmbeddedMetrics: finds the metrics in the functions' log lines, as CloudWatch Logs does, for the emulated CloudWatch.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.periodic_sender import PeriodicSender

MARK = '"_aws"'
"""What a line with metrics has."""

MOST_SENT = 500
"""How many metrics one request carries: CloudWatch takes 1,000."""

Key = tuple[str, str, tuple[tuple[str, str], ...], str]
"""Namespace, name, dimensions and unit of a metric."""


class EmbeddedMetrics(PeriodicSender):
    """Reads lines and sends metrics, from construction until `stop`. `client` is a boto3 client of CloudWatch."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._found: dict[Key, Counter[float]] = {}
        super().__init__()

    def read(self, line: str) -> None:
        """Keep the metrics of a line. A line without any, or that is no JSON, is passed over."""
        if MARK not in line:
            return
        try:
            metrics = list(_metrics(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            return
        with self._lock:
            for key, value in metrics:
                self._found.setdefault(key, Counter())[value] += 1

    def _send(self) -> None:
        with self._lock:
            found, self._found = self._found, {}
        by_namespace: dict[str, list[dict[str, Any]]] = {}
        for (namespace, name, dimensions, unit), values in found.items():
            by_namespace.setdefault(namespace, []).append(
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
                    "Unit": unit,
                    "Values": list(values),
                    "Counts": [float(count) for count in values.values()],
                }
            )
        for namespace, data in by_namespace.items():
            for start in range(0, len(data), MOST_SENT):
                # The emulator may be too busy to answer. A metric that is lost then is worth no failed stack.
                with contextlib.suppress(BotoCoreError, ClientError):
                    self._client.put_metric_data(Namespace=namespace, MetricData=data[start : start + MOST_SENT])


def _metrics(line: dict[str, Any]) -> Iterator[tuple[Key, float]]:
    for declared in line["_aws"]["CloudWatchMetrics"]:
        for names in declared["Dimensions"]:
            dimensions = tuple((name, str(line[name])) for name in names)
            for metric in declared["Metrics"]:
                key = declared["Namespace"], metric["Name"], dimensions, metric.get("Unit", "None")
                yield key, float(line[metric["Name"]])
