"""The alarms of a function: what rings, when, and what it means. Imports no Pulumi resources."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pulumi

from components.model_source import Alarm, MetricSource
from handlers.contract import METRIC_NAMESPACE, Metric


@dataclass(frozen=True, kw_only=True)
class AlarmThresholds:
    """When a function's alarms ring."""

    error_percent: float
    """Requests that failed in the stack (not by the caller; a crash, a timeout), as a share of all."""
    latency_p99_ms: float
    """99th percentile of the invocations' durations, cold starts included."""
    cold_start_percent: float
    """Requests that waited for a new environment, as a share of all."""


@dataclass(frozen=True, kw_only=True)
class WatchedFunction:
    """A function that alarms and the dashboard look at."""

    name: str
    """Plain: part of the alarms' names."""
    function_name: pulumi.Input[str]
    function_arn: pulumi.Input[str]
    models: Sequence[str] | None
    """The models that it serves; None for all models of its store, whichever they are."""


def function_alarms(function: WatchedFunction, thresholds: AlarmThresholds) -> list[Alarm]:
    """The alarms of one inference function."""
    dimensions = {"FunctionName": function.function_name}
    lambda_metric = partial(MetricSource, namespace="AWS/Lambda", dimensions=dimensions)

    def own_metric(name: Metric) -> MetricSource:
        return MetricSource(namespace=METRIC_NAMESPACE, dimensions=dimensions, name=name)

    return [
        Alarm(
            name=f"{function.name}-errors",
            description=f"More than {thresholds.error_percent:g} % of the requests fail, and no caller could have "
            "prevented it: by a crash, a timeout, or an answer that counts as one of ServerErrors. The function's log "
            "group has a record of the level ERROR for each.",
            metrics={
                "crashed": lambda_metric(name="Errors"),
                "answered": own_metric("ServerErrors"),
                "all": lambda_metric(name="Invocations"),
            },
            expression="100 * (FILL(crashed, 0) + FILL(answered, 0)) / all",
            threshold=thresholds.error_percent,
            rolls_back=True,
        ),
        Alarm(
            name=f"{function.name}-latency",
            description=f"The slowest 1 % of the invocations take longer than {thresholds.latency_p99_ms:g} ms. "
            "If cold starts rose too, see the cold-start alarm; else compare PredictTime of the models.",
            metrics={"p99": lambda_metric(name="Duration", statistic="p99")},
            expression="p99",
            threshold=thresholds.latency_p99_ms,
            minutes=3,
            rolls_back=True,
        ),
        Alarm(
            name=f"{function.name}-throttles",
            description="Requests are turned away because the function's or the account's concurrency is used up. "
            "Raise reservedConcurrency, or the account's limit.",
            metrics={"throttled": lambda_metric(name="Throttles")},
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
