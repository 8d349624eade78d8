"""CloudWatch: log groups, alarms and dashboards."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import capitalized, whole


def log_group(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.cloudwatch.LogGroup"""
    group = account.physical_name(inputs, name)
    logs = account.client("logs")
    logs.create_log_group(logGroupName=group)
    if days := inputs.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=whole(days))
    arn = f"arn:aws:logs:{account.region}:{account.account_id}:log-group:{group}"
    return Created(group, {"name": group, "arn": arn})


def metric_alarm(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.cloudwatch.MetricAlarm, of one metric or of an expression over several"""
    alarm = account.physical_name(inputs, name)
    arguments: dict[str, Any] = {"AlarmName": alarm}
    for key in (
        "alarmActions alarmDescription comparisonOperator datapointsToAlarm evaluationPeriods metricName namespace "
        "period statistic threshold treatMissingData unit"
    ).split():
        if key in inputs:
            arguments[key[0].upper() + key[1:]] = capitalized(inputs[key])
    for key, word in (("okActions", "OKActions"), ("extendedStatistic", "ExtendedStatistic")):
        if key in inputs:
            arguments[word] = inputs[key]
    if "dimensions" in inputs:
        arguments["Dimensions"] = _dimensions(inputs)
    if "metricQueries" in inputs:
        arguments["Metrics"] = [_query(each) for each in inputs["metricQueries"]]
    account.client("cloudwatch").put_metric_alarm(**arguments)
    return Created(
        alarm, {"name": alarm, "arn": f"arn:aws:cloudwatch:{account.region}:{account.account_id}:alarm:{alarm}"}
    )


def dashboard(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.cloudwatch.Dashboard"""
    dashboard = inputs.get("dashboardName") or account.physical_name({}, name)
    account.client("cloudwatch").put_dashboard(DashboardName=dashboard, DashboardBody=inputs["dashboardBody"])
    arn = f"arn:aws:cloudwatch::{account.account_id}:dashboard/{dashboard}"
    return Created(dashboard, {"dashboardName": dashboard, "dashboardArn": arn})


def _query(inputs: dict[str, Any]) -> dict[str, Any]:
    query = {
        key[0].upper() + key[1:]: inputs[key] for key in ("id", "expression", "label", "returnData") if key in inputs
    }
    if metric := inputs.get("metric"):
        query["MetricStat"] = {
            "Metric": {
                "Namespace": metric["namespace"],
                "MetricName": metric["metricName"],
                "Dimensions": _dimensions(metric),
            },
            "Period": whole(metric["period"]),
            "Stat": metric["stat"],
        }
    return query


def _dimensions(inputs: dict[str, Any]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in inputs.get("dimensions", {}).items()]


RESOURCES: Mapping[str, Create] = {
    "aws:cloudwatch/dashboard:Dashboard": dashboard,
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": metric_alarm,
}
