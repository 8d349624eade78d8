"""Alarms as plain values: what rings, when, and what a person should think of it. Imports no Pulumi resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from handlers.contract import METRIC_NAMESPACE, Metric

PERIOD_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class MetricSource:
    """One metric over `PERIOD_SECONDS`."""

    namespace: str
    name: str
    statistic: str
    """`Sum`, `Average`, `Minimum`, `Maximum` or a percentile such as `p99`."""
    dimensions: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm: rings when `expression` is beyond `threshold` in `minutes` of the last five minutes."""

    name: str
    description: str
    """What has happened and what to look at, for the person who is woken."""
    metrics: Mapping[str, MetricSource]
    """By the id that the expression uses."""
    expression: str
    """CloudWatch metric math over the ids."""
    threshold: float
    minutes: int = 1
    comparison: Literal["GreaterThanThreshold", "LessThanThreshold"] = "GreaterThanThreshold"
    rolls_back: bool = False
    """Whether it also stops and reverts a shift of traffic to a new version."""


@dataclass(frozen=True, kw_only=True)
class AlarmThresholds:
    """When a function's alarms ring."""

    error_percent: float = 1.0
    """Requests that failed on our side (status 5xx, crash, timeout), as a share of all."""
    latency_p99_ms: float = 5000.0
    """Duration of the slowest hundredth of the invocations, cold starts included."""
    cold_start_percent: float = 20.0
    """Requests that waited for a new environment, as a share of all."""


@dataclass(frozen=True, kw_only=True)
class WatchedFunction:
    """A function that alarms and the dashboard look at."""

    name: str
    """Plain: part of the alarms' names."""
    function_name: pulumi.Input[str]
    function_arn: pulumi.Input[str]
    models: Sequence[str] = field(default_factory=tuple[str, ...])


def function_alarms(function: WatchedFunction, thresholds: AlarmThresholds) -> list[Alarm]:
    """The alarms of one inference function."""
    dimensions = {"FunctionName": function.function_name}

    def lambda_metric(name: str, statistic: str = "Sum") -> MetricSource:
        return MetricSource(namespace="AWS/Lambda", name=name, statistic=statistic, dimensions=dimensions)

    def own_metric(metric: Metric) -> MetricSource:
        return MetricSource(namespace=METRIC_NAMESPACE, name=metric, statistic="Sum", dimensions=dimensions)

    return [
        Alarm(
            name=f"{function.name}-errors",
            description=f"More than {thresholds.error_percent:g} % of the requests fail with a 5xx, a crash or a "
            "timeout. The function's log group has a record with a traceback for each.",
            metrics={
                "crashed": lambda_metric("Errors"),
                "answered": own_metric("ServerErrors"),
                "all": lambda_metric("Invocations"),
            },
            expression="100 * (FILL(crashed, 0) + FILL(answered, 0)) / all",
            threshold=thresholds.error_percent,
            rolls_back=True,
        ),
        Alarm(
            name=f"{function.name}-latency",
            description=f"The slowest 1 % of the invocations take longer than {thresholds.latency_p99_ms:g} ms. "
            "If cold starts rose too, see the cold-start alarm; else compare PredictTime of the models.",
            metrics={"p99": lambda_metric("Duration", "p99")},
            expression="p99",
            threshold=thresholds.latency_p99_ms,
            minutes=3,
            rolls_back=True,
        ),
        Alarm(
            name=f"{function.name}-throttles",
            description="Requests are turned away because the function's or the account's concurrency is used up. "
            "Raise reservedConcurrency, or the account's limit.",
            metrics={"throttled": lambda_metric("Throttles")},
            expression="FILL(throttled, 0)",
            threshold=0,
        ),
        Alarm(
            name=f"{function.name}-cold-starts",
            description=f"More than {thresholds.cold_start_percent:g} % of the requests wait for a new environment. "
            "Consider provisioned concurrency or SnapStart.",
            metrics={"cold": own_metric("ColdStarts"), "all": own_metric("Requests")},
            expression="100 * cold / all",
            threshold=thresholds.cold_start_percent,
            minutes=5,
        ),
        Alarm(
            name=f"{function.name}-load-failures",
            description="A model could not be loaded; where an older version was in memory, that one goes on "
            "answering. The log names the model, the version and the reason.",
            metrics={"failed": own_metric("LoadFailures")},
            expression="FILL(failed, 0)",
            threshold=0,
            rolls_back=True,
        ),
    ]


def file_system_alarms(name: str, file_system_id: pulumi.Input[str], *, bursting: bool) -> list[Alarm]:
    """The alarms of an EFS file system; burst credits exist only in bursting mode."""
    dimensions = {"FileSystemId": file_system_id}

    def efs_metric(metric: str, statistic: str) -> MetricSource:
        return MetricSource(namespace="AWS/EFS", name=metric, statistic=statistic, dimensions=dimensions)

    io_limit = Alarm(
        name=f"{name}-io-limit",
        description="The file system is near its limit of operations a second; loading models slows down.",
        metrics={"used": efs_metric("PercentIOLimit", "Maximum")},
        expression="used",
        threshold=95,
        minutes=3,
    )
    # A full balance is 2.1 TiB; a tenth of it lasts for half an hour of reading at 100 MiB/s.
    # https://docs.aws.amazon.com/efs/latest/ug/performance.html
    burst_credits = Alarm(
        name=f"{name}-burst-credits",
        description="Less than a tenth of the burst credits are left; without them a small file system reads "
        "1 MiB a second and cold starts time out. Set efsThroughput to elastic.",
        metrics={"left": efs_metric("BurstCreditBalance", "Minimum")},
        expression="left",
        threshold=0.21 * 2**40,
        comparison="LessThanThreshold",
    )
    return [io_limit, burst_credits] if bursting else [io_limit]


def dead_letter_alarm(name: str, queue_name: pulumi.Input[str]) -> Alarm:
    """The alarm of a queue that only failures reach."""
    return Alarm(
        name=f"{name}-dead-letters",
        description="The sync function failed for an upload event, so the file system may lack a published version. "
        "The message holds the event; the function's log holds the reason. Invoke the function again when mended.",
        metrics={
            "waiting": MetricSource(
                namespace="AWS/SQS",
                name="ApproximateNumberOfMessagesVisible",
                statistic="Maximum",
                dimensions={"QueueName": queue_name},
            )
        },
        expression="FILL(waiting, 0)",
        threshold=0,
    )
