"""CodeDeployApi: the one operation of CodeDeploy that a program's function calls, which the emulator does not have.

A deployment moves an alias to its version at once: no traffic is split, and no alarm moves it back. While an alarm of
the group rings, a deployment is stopped as soon as it starts, as CodeDeploy does, and the alias stays.
"""

import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from local.http_server import JsonHandler, LoopbackServer
from local.resources.account import EmulatedAccount
from local.resources.codedeploy import DeploymentGroup
from local.resources.lambda_.aliases import move_alias

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_CODEDEPLOY"
"""Where AWS's SDKs look for CodeDeploy."""

OPERATION = "CodeDeploy_20141006.CreateDeployment"


class RefusedError(Exception):
    """CodeDeploy refuses a deployment."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CodeDeployApi:
    """The server. It answers from construction until `stop`, and functions find it by their environment."""

    def __init__(self, account: EmulatedAccount) -> None:
        class Handler(JsonHandler):
            def do_POST(self) -> None:  # noqa: N802 the standard library's name
                body = self.read_body()
                try:
                    answer = _answer(account, self.headers.get("X-Amz-Target", ""), json.loads(body or b"{}"))
                except RefusedError as error:
                    refusal = {"__type": error.code, "message": str(error)}
                    self.answer(HTTPStatus.BAD_REQUEST, json.dumps(refusal).encode())
                    return
                self.answer(HTTPStatus.OK, json.dumps(answer).encode())

        self._server = LoopbackServer(Handler)
        account.endpoints[ENDPOINT_VARIABLE] = self.url

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._server.address}"

    def stop(self) -> None:
        """Stop the server and free the port."""
        self._server.stop()


def _answer(account: EmulatedAccount, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    if operation != OPERATION:
        raise RefusedError("UnknownOperationException", f"The local stack knows {OPERATION} only, not {operation!r}.")
    group = f"{request['applicationName']}/{request['deploymentGroupName']}"
    kept = account.ledger.get(DeploymentGroup.pulumi_type, group)
    if kept is None:
        raise RefusedError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {group}")
    resources = json.loads(request["revision"]["appSpecContent"]["content"])["Resources"]
    for resource in [] if _rings(account, kept) else resources:
        for shift in resource.values():
            properties = shift["Properties"]
            move_alias(
                account, properties["Name"], properties["Alias"], {"FunctionVersion": properties["TargetVersion"]}
            )
    return {"deploymentId": f"d-{secrets.token_hex(5)[:9].upper()}"}


def _rings(account: EmulatedAccount, group: Mapping[str, Any]) -> bool:
    """Whether one of the group's alarms rings."""
    watched = group.get("alarmConfiguration") or {}
    if not watched.get("enabled") or not watched.get("alarms"):
        return False
    alarms = account.client("cloudwatch").describe_alarms(AlarmNames=list(watched["alarms"]), StateValue="ALARM")
    return bool(alarms["MetricAlarms"])
