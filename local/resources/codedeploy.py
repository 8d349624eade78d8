"""CodeDeploy, which the emulator does not have: `not_emulated` says what that means."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created


def application(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.codedeploy.Application"""
    name = account.physical_name(inputs, name)
    return Created(name, {"name": name, "arn": _arn(account, "application", name)})


def deployment_group(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.codedeploy.DeploymentGroup"""
    group = f"{inputs['appName']}/{inputs['deploymentGroupName']}"
    return Created(group, {"arn": _arn(account, "deploymentgroup", group)})


def _arn(account: EmulatedAccount, kind: str, name: str) -> str:
    return f"arn:aws:codedeploy:{account.region}:{account.account_id}:{kind}:{name}"


RESOURCES: Mapping[str, Create] = {
    "aws:codedeploy/application:Application": application,
    "aws:codedeploy/deploymentGroup:DeploymentGroup": deployment_group,
}
