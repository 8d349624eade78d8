"""The alarms of a function: what rings, when, and what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pulumi

from components.model_source import Alarm, MetricSource, alarm_at_the_first
from components.operations.operated_function import OperatedFunction
from components.settings.operations_settings import OperationsSettings
from handlers.contract import METRIC_NAMESPACE, Metric


@dataclass(frozen=True, kw_only=True)
class WatchedApi:
    """An API that an alarm looks at."""

    name: str
    """Plain: part of the alarm's name."""
    dimensions: Mapping[str, pulumi.Input[str]]
    failed: str
    """The metric of failures in the namespace `AWS/ApiGateway`."""


@dataclass(frozen=True, kw_only=True)
class _Metrics:
    """The metrics of a function, or of one of its versions."""

    of_lambda: Mapping[str, pulumi.Input[str]]
    of_ours: Mapping[str, pulumi.Input[str]]
    """Dimensions of Lambda's metrics, and of those that the handlers write."""

    def aws(self, name: str, statistic: str = "Sum") -> MetricSource:
        """One of Lambda's metrics."""
        return MetricSource(namespace="AWS/Lambda", dimensions=self.of_lambda, name=name, statistic=statistic)

    def own(self, name: Metric) -> MetricSource:
        """One of the handlers' metrics."""
        return MetricSource(namespace=METRIC_NAMESPACE, dimensions=self.of_ours, name=name)


def function_alarms(operated: OperatedFunction, settings: OperationsSettings) -> list[Alarm]:
    """The alarms of one inference function, whichever of its versions answers."""
    dimensions = {"FunctionName": operated.function.function_name}
    metrics = _Metrics(of_lambda=dimensions, of_ours=dimensions)
    return [
        *_failure_alarms(operated.name, metrics, settings),
        alarm_at_the_first(
            f"{operated.name}-throttles",
            "Requests are turned away because the function's or the account's concurrency is used up. Raise "
            "reservedConcurrency, or the account's limit.",
            throttled=metrics.aws("Throttles"),
        ),
        Alarm(
            name=f"{operated.name}-cold-starts",
            description=f"More than {settings.cold_start_alarm_percent} % of the requests wait for a new environment. "
            "Consider provisioned concurrency or SnapStart.",
            metrics={"cold": metrics.own("ColdStarts"), "all": metrics.own("Requests")},
            expression="100 * cold / all",
            threshold=settings.cold_start_alarm_percent,
            minutes=5,
        ),
    ]


def api_alarm(api: WatchedApi, settings: OperationsSettings) -> Alarm:
    """The alarm of an API, which also sees what never reaches a function."""
    metric = partial(MetricSource, namespace="AWS/ApiGateway", dimensions=api.dimensions)
    return Alarm(
        name=f"{api.name}-errors",
        description=f"The API answers more than {settings.error_alarm_percent} % of the requests with a status of 500 "
        "or more. If no function's alarm rings, API Gateway itself fails: it may not invoke a function, or waits for "
        "one too long. The access log has the reason of each as integrationError.",
        metrics={"failed": metric(name=api.failed), "all": metric(name="Count")},
        expression="100 * FILL(failed, 0) / all",
        threshold=settings.error_alarm_percent,
    )


def new_version_alarms(operated: OperatedFunction, settings: OperationsSettings) -> list[Alarm]:
    """The alarms that stop a shift of traffic: they look at the new version alone. While the live version fails, they
    let the version through that mends it. Empty where all traffic moves at once.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html has the dimensions of Lambda's metrics.
    """
    if not operated.shifted:
        return []
    name, version = operated.function.function_name, operated.function.version
    alias = pulumi.Output.concat(name, ":", operated.function.alias_name)
    metrics = _Metrics(
        of_lambda={"FunctionName": name, "Resource": alias, "ExecutedVersion": version},
        of_ours={"FunctionName": name, "FunctionVersion": version},
    )
    return _failure_alarms(f"{operated.name}-new-version", metrics, settings)


def _failure_alarms(name: str, metrics: _Metrics, settings: OperationsSettings) -> list[Alarm]:
    return [
        Alarm(
            name=f"{name}-errors",
            description=f"More than {settings.error_alarm_percent} % of the requests fail, and no caller could have "
            "prevented it: by a crash, a timeout, or an answer that counts as one of ServerErrors. The function's log "
            "group has a record of the level ERROR for each.",
            metrics={
                "crashed": metrics.aws("Errors"),
                "answered": metrics.own("ServerErrors"),
                "all": metrics.aws("Invocations"),
            },
            expression="100 * (FILL(crashed, 0) + FILL(answered, 0)) / all",
            threshold=settings.error_alarm_percent,
        ),
        Alarm(
            name=f"{name}-latency",
            description=f"The slowest 1 % of the invocations take longer than {settings.latency_alarm_ms} ms. "
            "If cold starts rose too, see the cold-start alarm; else compare PredictTime of the models.",
            metrics={"p99": metrics.aws("Duration", "p99")},
            expression="p99",
            threshold=settings.latency_alarm_ms,
            minutes=3,
        ),
        alarm_at_the_first(
            f"{name}-load-failures",
            "A model could not be loaded; where an older version was in memory, that one goes on answering. The log "
            "names the model, the version and the reason.",
            failed=metrics.own("LoadFailures"),
        ),
    ]
