"""Health of a canary: its errors and latency beside those of the other labels, from the functions' metrics."""

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from handlers.contract import METRIC_NAMESPACE, Metric
from models.publishing.errors import PublishingError

PERIOD_SECONDS = 60
FEWEST_REQUESTS = 20
"""Below so many requests to a label, nothing is said of its health."""

MOST_MORE_ERRORS = 0.01
"""How much larger the share of errors may be than that of the other labels."""

MOST_SLOWER, SLACK_MS = 1.5, 1.0
"""How many times as long as the others' a prediction may take, and how many milliseconds more in any case."""

UNSEEN_REQUESTS = 200
"""After so many requests to the others, a label that got none does not load: the others answer in its place."""


class Chosen(NamedTuple):
    """A label, and the version that it stands for."""

    label: str
    version: int


class Measured(NamedTuple):
    """What the metrics say of some labels together."""

    requests: int
    errors: int
    milliseconds: float
    """The mean time of a prediction; 0 without one."""

    @property
    def error_share(self) -> float:
        """Errors by request."""
        return self.errors / self.requests if self.requests else 0.0


def measure(cloudwatch: Any, function: str, model: str, labels: Sequence[Chosen], since: float) -> Measured:
    """What labels of a model got since a time in seconds since 1970. `cloudwatch`: a boto3 client.

    Raises PublishingError if the metrics cannot be read.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    asked: list[tuple[Metric, str]] = [
        ("Requests", "Sum"), ("ServerErrors", "Sum"), ("PredictTime", "Sum"), ("PredictTime", "SampleCount")
    ]  # fmt: skip
    queries = [
        _query(f"m{number}_{index}", name, statistic, function, model, chosen)
        for index, chosen in enumerate(labels)
        for number, (name, statistic) in enumerate(asked)
    ]
    start = datetime.fromtimestamp(since // PERIOD_SECONDS * PERIOD_SECONDS, UTC)
    end = datetime.fromtimestamp(math.ceil(time.time() / PERIOD_SECONDS) * PERIOD_SECONDS, UTC)
    totals = [0.0] * len(asked)
    try:
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                totals[int(result["Id"][1:].partition("_")[0])] += sum(result["Values"])
    except (BotoCoreError, ClientError) as error:
        raise PublishingError(f"the metrics of {function} cannot be read: {error}") from error
    requests, errors, milliseconds, predictions = totals
    return Measured(round(requests), round(errors), milliseconds / predictions if predictions else 0.0)


def fault_of(canary: Measured, others: Measured) -> str | None:
    """What is wrong with a canary, in words; None if nothing is, or too little is known."""
    if canary.requests == 0 and others.requests >= UNSEEN_REQUESTS:
        return f"it answered none of {others.requests} requests: the functions' log says why it does not load"
    if canary.requests < FEWEST_REQUESTS:
        return None
    if canary.error_share > others.error_share + MOST_MORE_ERRORS:
        return f"{canary.error_share:.1%} of its requests fail, and {others.error_share:.1%} of the others'"
    if others.requests and canary.milliseconds > MOST_SLOWER * others.milliseconds + SLACK_MS:
        return f"a prediction takes {canary.milliseconds:.1f} ms, and the others' {others.milliseconds:.1f} ms"
    return None


def watch(look: Callable[[], tuple[Measured, Measured]], seconds: float, say: Callable[[str], None]) -> str | None:
    """Look at a canary for a time. Returns its fault as soon as it has one; None if it is healthy to the end.

    `look`: returns what was measured of the canary, and of the others. Raises PublishingError if there were too few
    requests to judge by.
    """
    until = time.monotonic() + seconds
    while True:
        left = until - time.monotonic()
        canary, others = look()
        if fault := fault_of(canary, others):
            return fault
        if left <= 0:
            break
        say(f"{canary.requests} requests, {canary.errors} errors, {canary.milliseconds:.1f} ms; {left:.0f} s to go")
        time.sleep(min(5.0, left))
    if canary.requests < FEWEST_REQUESTS:
        raise PublishingError(
            f"it got {canary.requests} requests, too few to judge by; {FEWEST_REQUESTS} are needed. The split stays"
        )
    return None


def _query(name: str, metric: Metric, statistic: str, function: str, model: str, chosen: Chosen) -> dict[str, Any]:
    dimensions = {
        "FunctionName": function,
        "Model": model,
        "Label": chosen.label,
        "Version": str(chosen.version),
    }
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": METRIC_NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": PERIOD_SECONDS,
            "Stat": statistic,
        },
    }
