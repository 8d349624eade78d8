"""InferenceMonitoring: alarms, and a dashboard with a row for each model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.model_source import Alarm
from components.operations.alarms import AlarmThresholds, WatchedFunction, function_alarms
from handlers.contract import METRIC_NAMESPACE, Metric

PERIOD_SECONDS = 60
"""The period of each point of an alarm and of a chart."""

ROW_HEIGHT = 6
DASHBOARD_WIDTH = 24


@dataclass(frozen=True, kw_only=True)
class InferenceMonitoringArgs:
    functions: Sequence[WatchedFunction]
    """At least one."""
    dashboard_name: str
    """Unique in the account and region."""
    thresholds: AlarmThresholds
    storage_alarms: Sequence[Alarm] = ()
    """The alarms that the storages ask for."""
    topic_arn: pulumi.Input[str] | None = None
    """An SNS topic that receives a message when an alarm rings and when it ends. None sends no messages."""


class InferenceMonitoring(pulumi.ComponentResource):
    """Alarms for functions and storage, and one dashboard."""

    dashboard_name: pulumi.Output[str]
    rollback_alarms: Mapping[str, Sequence[aws.cloudwatch.MetricAlarm]]
    """By the function's plain name: the alarms that stop a shift of traffic."""

    def __init__(self, name: str, args: InferenceMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:InferenceMonitoring", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)

        self.rollback_alarms = {}
        for function in args.functions:
            alarms = function_alarms(function, args.thresholds)
            made = [(alarm, _metric_alarm(alarm, args, inside)) for alarm in alarms]
            self.rollback_alarms[function.name] = [resource for alarm, resource in made if alarm.rolls_back]
        for alarm in args.storage_alarms:
            _metric_alarm(alarm, args, inside)

        region = pulumi.Output.from_input(args.functions[0].function_arn).apply(lambda arn: arn.split(":")[3])
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=args.dashboard_name,
            dashboard_body=pulumi.Output.json_dumps({"widgets": dashboard_widgets(args.functions, region)}),
            opts=inside,
        )

        self.dashboard_name = dashboard.dashboard_name
        self.register_outputs({"dashboard_name": self.dashboard_name})


def dashboard_widgets(functions: Sequence[WatchedFunction], region: pulumi.Input[str]) -> list[dict[str, Any]]:
    """The dashboard's widgets: a row for each function as Lambda sees it, then a row for each model it serves."""
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

    for function in functions:
        add_row(function.name, _function_charts(function))
        for model in function.models:
            add_row(f"{function.name}: {model}", _model_charts(function, model))
    return widgets


def _function_charts(function: WatchedFunction) -> list[tuple[str, list[list[Any]]]]:
    def line(metric: str, stat: str) -> list[Any]:
        return ["AWS/Lambda", metric, "FunctionName", function.function_name, {"stat": stat}]

    return [
        ("Invocations and failures", [line("Invocations", "Sum"), line("Errors", "Sum"), line("Throttles", "Sum")]),
        ("Duration, ms", [line("Duration", "p50"), line("Duration", "p99")]),
        ("Concurrent environments", [line("ConcurrentExecutions", "Maximum")]),
    ]


def _model_charts(function: WatchedFunction, model: str) -> list[tuple[str, list[list[Any]]]]:
    def line(metric: Metric, stat: str) -> list[Any]:
        dimensions = ["FunctionName", function.function_name, "Model", model]
        return [METRIC_NAMESPACE, metric, *dimensions, {"stat": stat}]

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
