"""Metrics in the functions' log lines reach the emulated CloudWatch, by each of their sets of dimensions."""

import json
from datetime import UTC, datetime, timedelta

from local.embedded_metrics import EmbeddedMetrics

LINE = {
    "FunctionName": "f",
    "Model": "m",
    "Requests": 1,
    "PredictTime": 2.5,
    "_aws": {
        "Timestamp": 0,
        "CloudWatchMetrics": [
            {
                "Namespace": "Embedded",
                "Dimensions": [["FunctionName"], ["FunctionName", "Model"]],
                "Metrics": [{"Name": "Requests", "Unit": "Count"}, {"Name": "PredictTime", "Unit": "Milliseconds"}],
            }
        ],
    },
}


def total(cloudwatch, name: str, statistic: str, **dimensions: str) -> float:
    now = datetime.now(UTC)
    found = cloudwatch.get_metric_statistics(
        Namespace="Embedded",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=60,
        Statistics=[statistic],
    )
    return sum(point[statistic] for point in found["Datapoints"])


def test_metrics_in_lines_are_counted_and_other_lines_are_passed_over(emulator):
    cloudwatch = emulator.client("cloudwatch")
    metrics = EmbeddedMetrics(cloudwatch)
    for line in (json.dumps(LINE), json.dumps(LINE), "START RequestId", 'no JSON, but "_aws"', '{"_aws": 3}'):
        metrics.read(line)
    metrics.stop()
    assert total(cloudwatch, "Requests", "Sum", FunctionName="f") == 2
    assert total(cloudwatch, "Requests", "Sum", FunctionName="f", Model="m") == 2
    assert total(cloudwatch, "PredictTime", "Sum", FunctionName="f", Model="m") == 5
    assert total(cloudwatch, "PredictTime", "SampleCount", FunctionName="f", Model="m") == 2
