"""Lambda entry point: ask CodeDeploy to shift an alias to a version. A deployment calls it once for each function."""

import json
from hashlib import sha256
from typing import Any

import boto3

_UNDER_WAY = (
    "{function} is still shifting from an earlier deployment ({reason}). Wait until it ends, or stop it (aws deploy "
    "stop-deployment), then run `pulumi up` again."
)


class ShiftError(Exception):
    """The shift could not be started. The message says what to do."""


def handler(event: dict[str, str], context: object) -> dict[str, Any]:
    """Start the deployment that moves an alias to a version.

    Args:
        event: `application` and `deployment_group` of CodeDeploy; `function`, `alias` and `version` of Lambda. In the
            end, all traffic goes to this version.

    Returns:
        `status`: `current` if the alias already is at the version, else `started` with `deployment_id` and `from`.

    Raises:
        ShiftError: another deployment of this function is under way.
    """
    current = boto3.client("lambda").get_alias(FunctionName=event["function"], Name=event["alias"])
    shifting = current.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    if current["FunctionVersion"] == event["version"]:
        if shifting:
            raise ShiftError(_UNDER_WAY.format(**event, reason=f"to version {', '.join(shifting)}"))
        return {"status": "current", "version": event["version"]}
    codedeploy = boto3.client("codedeploy")
    content = app_spec(event["function"], event["alias"], current["FunctionVersion"], event["version"])
    try:
        deployment = codedeploy.create_deployment(
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
    return {"status": "started", "deployment_id": deployment["deploymentId"], "from": current["FunctionVersion"]}


def app_spec(function: str, alias: str, current: str, target: str) -> str:
    """The description of a shift, as CodeDeploy reads it.
    https://docs.aws.amazon.com/codedeploy/latest/userguide/application-revisions-appspec-file.html"""
    properties = {"Name": function, "Alias": alias, "CurrentVersion": current, "TargetVersion": target}
    return json.dumps(
        {"version": 0.0, "Resources": [{function: {"Type": "AWS::Lambda::Function", "Properties": properties}}]}
    )
