"""The function that starts a shift; botocore checks its calls of Lambda and CodeDeploy."""

import json
from collections.abc import Iterator
from hashlib import sha256

import boto3
import pytest
from botocore.stub import Stubber

from handlers import shift_traffic

EVENT = {
    "application": "delivery",
    "deployment_group": "delivery-digits",
    "function": "digits",
    "alias": "live",
    "version": "7",
}


class Aws:
    """Lambda and CodeDeploy. Each call has one prepared answer, and a parameter that botocore does not know fails."""

    def __init__(self) -> None:
        self.clients = {
            name: boto3.client(name, region_name="eu-central-1", aws_access_key_id="id", aws_secret_access_key="key")
            for name in ("lambda", "codedeploy")
        }
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}

    def alias_is_at(self, version: str, **weights: float) -> None:
        routing = {"RoutingConfig": {"AdditionalVersionWeights": weights}} if weights else {}
        self.stubs["lambda"].add_response(
            "get_alias", {"FunctionVersion": version, **routing}, {"FunctionName": "digits", "Name": "live"}
        )

    def takes(self, content: str, description: str) -> None:
        self.stubs["codedeploy"].add_response(
            "create_deployment",
            {"deploymentId": "d-1"},
            {
                "applicationName": "delivery",
                "deploymentGroupName": "delivery-digits",
                "description": description,
                "revision": {
                    "revisionType": "AppSpecContent",
                    "appSpecContent": {"content": content, "sha256": sha256(content.encode()).hexdigest()},
                },
            },
        )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    aws = Aws()
    monkeypatch.setattr(shift_traffic.boto3, "client", aws.clients.__getitem__)
    for stub in aws.stubs.values():
        stub.activate()
    yield aws
    for stub in aws.stubs.values():
        stub.assert_no_pending_responses()


def test_a_shift_starts_from_the_version_that_the_alias_is_at(account: Aws):
    account.alias_is_at("6")
    account.takes(shift_traffic.app_spec("digits", "live", "6", "7"), "digits: version 6 to 7")
    assert shift_traffic.handler(EVENT, None) == {"status": "started", "deployment_id": "d-1", "from": "6"}


def test_an_alias_that_is_there_already_needs_no_deployment(account: Aws):
    account.alias_is_at("7")
    assert shift_traffic.handler(EVENT, None) == {"status": "current", "version": "7"}


def test_an_error_about_a_shift_under_way_says_what_to_do(account: Aws):
    account.alias_is_at("6")
    account.stubs["codedeploy"].add_client_error("create_deployment", "DeploymentLimitExceededException", "d-0 runs")
    with pytest.raises(shift_traffic.ShiftError, match=r"digits is still shifting .*d-0 runs.*Wait until it ends"):
        shift_traffic.handler(EVENT, None)


def test_an_alias_that_still_gives_another_version_traffic_is_not_called_current(account: Aws):
    account.alias_is_at("7", **{"8": 0.1})
    with pytest.raises(shift_traffic.ShiftError, match=r"still shifting .* \(to version 8\)"):
        shift_traffic.handler(EVENT, None)


def test_other_failures_are_raised_as_they_are(account: Aws):
    account.alias_is_at("6")
    account.stubs["codedeploy"].add_client_error("create_deployment", "InvalidRoleException", "no such role")
    with pytest.raises(account.clients["codedeploy"].exceptions.InvalidRoleException):
        shift_traffic.handler(EVENT, None)


def test_the_description_of_a_shift_is_in_codedeploys_format():
    assert json.loads(shift_traffic.app_spec("digits", "live", "6", "7")) == {
        "version": 0.0,
        "Resources": [
            {
                "digits": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {"Name": "digits", "Alias": "live", "CurrentVersion": "6", "TargetVersion": "7"},
                }
            }
        ],
    }
