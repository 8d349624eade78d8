"""Lambda entry point: ask CodeDeploy to shift an alias to a version. A deployment calls it once for each function."""

import json
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import boto3
from botocore.exceptions import ClientError

from handlers.contract import PATIENCE_SECONDS

_PAUSE_SECONDS = 5

_DENIED = ("AccessDenied", "AccessDeniedException")

_UNDER_WAY = (
    "{function} is still shifting from an earlier deployment ({reason}). Wait until it ends, or stop it (aws deploy "
    "stop-deployment), then run `pulumi up` again."
)

_RINGING = (
    "{function}: version {version} gets no traffic, because alarms that watch it ring: {alarms}. CodeDeploy stops a "
    "shift while one of its alarms rings. Run `pulumi up` again when they have ended. To let this version take all "
    "traffic in spite of them, deploy once with `pulumi config set delivery allAtOnce`, then set delivery back."
)


class ShiftError(Exception):
    """The shift could not be started. The message says what to do."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Start the deployment that moves an alias to a version.

    Args:
        event: `application` and `deployment_group` of CodeDeploy, and the names of the group's `alarms`; `function`,
            `alias` and `version` of Lambda. In the end, all traffic goes to this version.

    Returns:
        `status`: `current` if the alias already is at the version, else `started` with `deployment_id` and `from`.

    Raises:
        ShiftError: another deployment of this function is under way, or an alarm rings.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    current = _granted(deadline, boto3.client("lambda").get_alias, FunctionName=event["function"], Name=event["alias"])
    shifting = current.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    if current["FunctionVersion"] == event["version"]:
        if shifting:
            raise ShiftError(_UNDER_WAY.format(**event, reason=f"to version {', '.join(shifting)}"))
        return {"status": "current", "version": event["version"]}
    if ringing := _ringing(deadline, event["alarms"]):
        raise ShiftError(_RINGING.format(**{**event, "alarms": ", ".join(ringing)}))
    return {"status": "started", "deployment_id": _start(deadline, event, current), "from": current["FunctionVersion"]}


def _start(deadline: float, event: dict[str, Any], current: dict[str, Any]) -> str:
    """The id of the deployment."""
    codedeploy = boto3.client("codedeploy")
    content = app_spec(event["function"], event["alias"], current["FunctionVersion"], event["version"])
    try:
        deployment = _granted(
            deadline,
            codedeploy.create_deployment,
            applicationName=event["application"],
            deploymentGroupName=event["deployment_group"],
            description=f"{event['function']}: version {current['FunctionVersion']} to {event['version']}",
            revision={
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": content, "sha256": sha256(content.encode()).hexdigest()},
            },
        )
    except codedeploy.exceptions.DeploymentLimitExceededException as error:
        raise ShiftError(_UNDER_WAY.format(**event, reason=error)) from error
    return deployment["deploymentId"]


def _ringing(deadline: float, alarms: Sequence[str]) -> list[str]:
    """The alarms that still ring at the deadline.

    An alarm that rang for the version before looks at the new one now, but keeps its state until it is evaluated, which
    CloudWatch does once a minute.
    """
    cloudwatch = boto3.client("cloudwatch")
    while alarms:
        found = _granted(deadline, cloudwatch.describe_alarms, AlarmNames=list(alarms), StateValue="ALARM")
        ringing = [alarm["AlarmName"] for alarm in found["MetricAlarms"]]
        if not ringing or time.monotonic() >= deadline:
            return ringing
        time.sleep(_PAUSE_SECONDS)
    return []


def _granted(deadline: float, call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer to a call, which is made again while it is denied: this deployment may have granted it a moment ago.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""
    while True:
        try:
            return call(**arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code not in _DENIED or time.monotonic() >= deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


def app_spec(function: str, alias: str, current: str, target: str) -> str:
    """The description of a shift, as CodeDeploy reads it.
    https://docs.aws.amazon.com/codedeploy/latest/userguide/application-revisions-appspec-file.html"""
    properties = {"Name": function, "Alias": alias, "CurrentVersion": current, "TargetVersion": target}
    return json.dumps(
        {"version": 0.0, "Resources": [{function: {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
    )
