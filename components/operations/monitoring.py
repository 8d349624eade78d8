"""InferenceMonitoring: alarms, and a dashboard with rows for functions and models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi
import pulumi_aws as aws

from components.model_source import Alarm
from components.operations.alarms import (
    WatchedApi,
    api_alarm,
    function_alarms,
    new_version_alarms,
)
from components.operations.operated_function import OperatedFunction
from components.settings.operations_settings import OperationsSettings
from handlers.contract import METRIC_NAMESPACE, Metric

PERIOD_SECONDS = 60
"""The period of each point of an alarm and of a chart."""

ROW_HEIGHT = 6
DASHBOARD_WIDTH = 24


@dataclass(frozen=True, kw_only=True)
class InferenceMonitoringArgs:
    functions: Sequence[OperatedFunction]
    """At least one."""
    api: WatchedApi | None
    """None where the functions' alarms see all that fails."""
    dashboard_name: str
    """Unique in the account and region."""
    settings: OperationsSettings
    """With the thresholds of the alarms."""
    further_alarms: Sequence[Alarm] = ()
    """The alarms that storages and queues ask for."""
    topic_arn: pulumi.Input[str] | None = None
    """An SNS topic that receives a message when an alarm rings and when it ends. None sends no messages."""


class InferenceMonitoring(pulumi.ComponentResource):
    """Alarms for functions, API and storage, and one dashboard."""

    dashboard_name: pulumi.Output[str]
    rollback_alarms: Mapping[str, Sequence[aws.cloudwatch.MetricAlarm]]
    """By the function's plain name: the alarms that stop a shift of traffic to its new version."""

    def __init__(self, name: str, args: InferenceMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:InferenceMonitoring", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)

        self.rollback_alarms = {
            each.name: [_metric_alarm(alarm, args, inside) for alarm in new_version_alarms(each, args.settings)]
            for each in args.functions
        }
        of_functions = [alarm for each in args.functions for alarm in function_alarms(each, args.settings)]
        of_api = [] if args.api is None else [api_alarm(args.api, args.settings)]
        for alarm in (*of_functions, *of_api, *args.further_alarms):
            _metric_alarm(alarm, args, inside)

        region = args.functions[0].function.function_arn.apply(lambda arn: arn.split(":")[3])
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=args.dashboard_name,
            dashboard_body=pulumi.Output.json_dumps({"widgets": dashboard_widgets(args.functions, region)}),
            opts=inside,
        )

        self.dashboard_name = dashboard.dashboard_name
        self.register_outputs({"dashboard_name": self.dashboard_name})


def dashboard_widgets(functions: Sequence[OperatedFunction], region: pulumi.Input[str]) -> list[dict[str, Any]]:
    """The dashboard's widgets: a row for each function as Lambda sees it, one for its requests and, where it writes
    metrics by model, one for each model that it serves. A function that serves all models has one row for them, which
    shows each model that has metrics."""
    widgets: list[dict[str, Any]] = []

    def add_row(title: str, charts: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        y = (ROW_HEIGHT + 1) * (len(widgets) // (len(charts) + 1))
        heading = {"type": "text", "x": 0, "y": y, "width": DASHBOARD_WIDTH, "height": 1}
        widgets.append({**heading, "properties": {"markdown": f"## {title}"}})
        width = DASHBOARD_WIDTH // len(charts)
        for column, (chart, metrics) in enumerate(charts):
            place = {"type": "metric", "x": column * width, "y": y + 1, "width": width, "height": ROW_HEIGHT}
            properties = {"title": chart, "region": region, "period": PERIOD_SECONDS, "metrics": list(metrics)}
            widgets.append({**place, "properties": properties})

    for each in functions:
        name = each.function.function_name
        add_row(each.name, _function_charts(name))
        add_row(f"{each.name}: requests", _request_charts(partial(_line_of_requests, name)))
        if not each.by_model:
            continue
        if each.models is None:
            add_row(f"{each.name}: all models", _request_charts(partial(_line_of_each_model, name)))
        for model in each.models or ():
            add_row(f"{each.name}: {model}", _request_charts(partial(_line_of_one_model, name, model)))
    return widgets


def _function_charts(function_name: pulumi.Input[str]) -> list[tuple[str, list[list[Any]]]]:
    def line(metric: str, stat: str) -> list[Any]:
        return ["AWS/Lambda", metric, "FunctionName", function_name, {"stat": stat}]

    return [
        ("Invocations and failures", [line("Invocations", "Sum"), line("Errors", "Sum"), line("Throttles", "Sum")]),
        ("Duration, ms", [line("Duration", "p50"), line("Duration", "p99")]),
        ("Concurrent environments", [line("ConcurrentExecutions", "Maximum")]),
    ]


def _line_of_requests(function_name: pulumi.Input[str], metric: Metric, stat: str) -> list[Any]:
    return [METRIC_NAMESPACE, metric, "FunctionName", function_name, {"stat": stat}]


def _line_of_one_model(function_name: pulumi.Input[str], model: str, metric: Metric, stat: str) -> list[Any]:
    return [METRIC_NAMESPACE, metric, "FunctionName", function_name, "Model", model, {"stat": stat}]


def _line_of_each_model(function_name: pulumi.Input[str], metric: Metric, stat: str) -> list[Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html"""
    found = f'SEARCH(\'{{{METRIC_NAMESPACE},FunctionName,Model}} MetricName="{metric}" FunctionName="'
    expression = pulumi.Output.concat(found, function_name, f"\"', '{stat}', {PERIOD_SECONDS})")
    return [{"expression": expression, "label": f"${{PROP('Dim.Model')}} {metric} {stat}"}]


def _request_charts(line: Callable[[Metric, str], list[Any]]) -> list[tuple[str, list[list[Any]]]]:
    return [
        ("Requests, failures", [line("Requests", "Sum"), line("ServerErrors", "Sum"), line("LoadFailures", "Sum")]),
        ("Prediction, ms", [line("PredictTime", "p50"), line("PredictTime", "p99")]),
        ("Cold starts and loading, ms", [line("ColdStarts", "Sum"), line("LoadTime", "p50"), line("LoadTime", "p99")]),
    ]


def _metric_alarm(
    alarm: Alarm, args: InferenceMonitoringArgs, opts: pulumi.ResourceOptions
) -> aws.cloudwatch.MetricAlarm:
    topic = [] if args.topic_arn is None else [args.topic_arn]
    return aws.cloudwatch.MetricAlarm(
        alarm.name,
        alarm_description=alarm.description,
        metric_queries=[
            *(
                {
                    "id": key,
                    "return_data": False,
                    "metric": {
                        "namespace": source.namespace,
                        "metric_name": source.name,
                        "stat": source.statistic,
                        "period": PERIOD_SECONDS,
                        "dimensions": source.dimensions,
                    },
                }
                for key, source in alarm.metrics.items()
            ),
            {"id": "result", "expression": alarm.expression, "label": alarm.name, "return_data": True},
        ],
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        evaluation_periods=5,
        datapoints_to_alarm=alarm.minutes,
        treat_missing_data="notBreaching",
        alarm_actions=topic,
        ok_actions=topic,
        opts=opts,
    )
