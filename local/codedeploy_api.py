"""CodeDeployApi: the one operation of CodeDeploy that a program's function calls, which the emulator does not have."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from local.http_server import JsonHandler, LoopbackServer
from local.resources.account import EmulatedAccount
from local.resources.codedeploy import DeploymentGroup
from local.traffic_shifts import Move, TrafficShifts, UnderWayError

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
        shifts = self._shifts = TrafficShifts(account)

        class Handler(JsonHandler):
            def do_POST(self) -> None:  # noqa: N802 the standard library's name
                body = self.read_body()
                try:
                    answer = _answer(account, shifts, self.headers.get("X-Amz-Target", ""), json.loads(body or b"{}"))
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
        """Stop the server and free the port, and end the deployments that are under way."""
        self._server.stop()
        self._shifts.stop()


def _answer(
    account: EmulatedAccount, shifts: TrafficShifts, operation: str, request: Mapping[str, Any]
) -> dict[str, Any]:
    if operation != OPERATION:
        raise RefusedError("UnknownOperationException", f"The local stack knows {OPERATION} only, not {operation!r}.")
    group = f"{request['applicationName']}/{request['deploymentGroupName']}"
    kept = account.ledger.get(DeploymentGroup.pulumi_type, group)
    if kept is None:
        raise RefusedError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {group}")
    resources = json.loads(request["revision"]["appSpecContent"]["content"])["Resources"]
    moves = [_move(each["Properties"]) for resource in resources for each in resource.values()]
    try:
        return {"deploymentId": shifts.start(group, kept, moves)}
    except UnderWayError as error:
        raise RefusedError("DeploymentLimitExceededException", str(error)) from error


def _move(properties: Mapping[str, str]) -> Move:
    return Move(
        function=properties["Name"],
        alias=properties["Alias"],
        current=properties["CurrentVersion"],
        target=properties["TargetVersion"],
    )
