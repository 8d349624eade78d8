"""CloudWatch: log groups."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import whole


def log_group(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.cloudwatch.LogGroup"""
    group = account.physical_name(inputs, name)
    logs = account.client("logs")
    logs.create_log_group(logGroupName=group)
    if days := inputs.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=whole(days))
    arn = f"arn:aws:logs:{account.region}:{account.account_id}:log-group:{group}"
    return Created(group, {"name": group, "arn": arn})


RESOURCES: Mapping[str, Create] = {"aws:cloudwatch/logGroup:LogGroup": log_group}
