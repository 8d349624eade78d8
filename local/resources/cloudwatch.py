"""CloudWatch: log groups, alarms and dashboards."""

import json
from collections.abc import Mapping
from typing import Any

from local.resources.put_type import PutType
from local.resources.refusals import logs as refusals
from local.resources.refusals import refused
from local.resources.resource_type import Inputs, ResourceType, the_only
from local.resources.words import answered, capital, chosen, tag_changes, tag_list


class LogGroup(ResourceType):
    """aws.cloudwatch.LogGroup. The emulator does not keep a group's key."""

    pulumi_type = "aws:cloudwatch/logGroup:LogGroup"
    computed = ("arn", "logGroupClass")

    def make(self, inputs: Inputs) -> str:
        refusals.of_key(self.account, "CreateLogGroup", self._arn(inputs["name"]), inputs.get("kmsKeyId"))
        self._logs().create_log_group(logGroupName=inputs["name"], tags=inputs.get("tags") or {})
        self._retain(inputs["name"], inputs)
        return inputs["name"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        groups = self._logs().describe_log_groups(logGroupNamePrefix=resource_id)["logGroups"]
        found = next((each for each in groups if each["logGroupName"] == resource_id), None)
        if found is None:
            return None
        arn = found["arn"].removesuffix(":*")
        return {
            "arn": arn,
            "name": resource_id,
            "logGroupClass": found["logGroupClass"],
            "retentionInDays": found.get("retentionInDays", 0),
            "tags": self._logs().list_tags_for_resource(resourceArn=arn)["tags"],
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        if new.get("kmsKeyId") != old.get("kmsKeyId"):
            refusals.of_key(self.account, "AssociateKmsKey", self._arn(resource_id), new.get("kmsKeyId"))
        self._retain(resource_id, new)
        gone, given = tag_changes(old, new)
        if gone:
            self._logs().untag_resource(resourceArn=old["arn"], tagKeys=gone)
        if given:
            self._logs().tag_resource(resourceArn=old["arn"], tags=given)

    def remove(self, resource_id: str, known: Inputs) -> None:
        if not known.get("skipDestroy"):
            self._logs().delete_log_group(logGroupName=resource_id)

    def _retain(self, resource_id: str, inputs: Inputs) -> None:
        if days := inputs.get("retentionInDays"):
            self._logs().put_retention_policy(logGroupName=resource_id, retentionInDays=days)
        else:
            self._logs().delete_retention_policy(logGroupName=resource_id)

    def _arn(self, name: str) -> str:
        return self.arn(f"log-group:{name}", "logs")

    def _logs(self) -> Any:
        return self.client("logs")


class MetricAlarm(PutType):
    """aws.cloudwatch.MetricAlarm, of one metric or of an expression over several"""

    pulumi_type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    computed = ("arn",)

    PLAIN = (
        "actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm evaluationPeriods "
        "extendedStatistic metricName namespace period statistic threshold treatMissingData unit"
    ).split()
    TOLD = (
        "actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm evaluationPeriods "
        "threshold treatMissingData"
    ).split()
    """What the emulator tells as it was given; of the rest it fills in what an alarm of a metric has."""

    def put(self, inputs: Inputs) -> str:
        arguments = {"AlarmName": inputs["name"], **chosen(inputs, self.PLAIN), "Tags": tag_list(inputs)}
        if "okActions" in inputs:
            arguments["OKActions"] = inputs["okActions"]
        if "dimensions" in inputs:
            arguments["Dimensions"] = _dimensions(inputs)
        if "metricQueries" in inputs:
            arguments["Metrics"] = [_query(each) for each in inputs["metricQueries"]]
        self.client().put_metric_alarm(**arguments)
        return inputs["name"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        alarm = the_only(self.client().describe_alarms(AlarmNames=[resource_id])["MetricAlarms"])
        return {"arn": alarm["AlarmArn"], "name": resource_id, **answered(alarm, self.TOLD)}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_alarms(AlarmNames=[resource_id])


class Dashboard(PutType):
    """aws.cloudwatch.Dashboard"""

    pulumi_type = "aws:cloudwatch/dashboard:Dashboard"
    computed = ("dashboardArn",)

    def put(self, inputs: Inputs) -> str:
        try:
            json.loads(inputs["dashboardBody"])
        except ValueError:
            message = "The field DashboardBody must be a valid JSON object"
            raise refused("PutDashboard", "InvalidParameterInput", message) from None
        self.client().put_dashboard(DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"])
        return inputs["dashboardName"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_dashboard(DashboardName=resource_id)
        return answered(found, ("dashboardArn", "dashboardBody", "dashboardName"))

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_dashboards(DashboardNames=[resource_id])


def _query(inputs: Inputs) -> dict[str, Any]:
    query = {capital(key): inputs[key] for key in ("id", "expression", "label", "returnData") if key in inputs}
    if metric := inputs.get("metric"):
        query["MetricStat"] = {
            "Metric": {
                "Namespace": metric["namespace"],
                "MetricName": metric["metricName"],
                "Dimensions": _dimensions(metric),
            },
            "Period": metric["period"],
            "Stat": metric["stat"],
        }
    return query


def _dimensions(inputs: Inputs) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in inputs.get("dimensions", {}).items()]


TYPES = (LogGroup, MetricAlarm, Dashboard)
