"""Application Auto Scaling, which the emulator does not have: `not_emulated` says what that means."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created


def target(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.appautoscaling.Target"""
    return Created(inputs["resourceId"], {"arn": _arn(account, f"scalable-target/{account.physical_name({}, name)}")})


def policy(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.appautoscaling.Policy"""
    name = account.physical_name(inputs, name)
    return Created(name, {"name": name, "arn": _arn(account, f"scalingPolicy:{name}")})


def scheduled_action(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.appautoscaling.ScheduledAction"""
    name = account.physical_name(inputs, name)
    return Created(name, {"name": name, "arn": _arn(account, f"scheduledAction:{name}")})


def _arn(account: EmulatedAccount, resource: str) -> str:
    return f"arn:aws:application-autoscaling:{account.region}:{account.account_id}:{resource}"


RESOURCES: Mapping[str, Create] = {
    "aws:appautoscaling/target:Target": target,
    "aws:appautoscaling/policy:Policy": policy,
    "aws:appautoscaling/scheduledAction:ScheduledAction": scheduled_action,
}
