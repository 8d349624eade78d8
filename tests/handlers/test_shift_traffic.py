"""The function that starts a shift; botocore checks its calls of Lambda and CodeDeploy."""

import json
from collections.abc import Iterator
from hashlib import sha256

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from handlers import shift_traffic

EVENT = {
    "application": "delivery",
    "deployment_group": "delivery-digits",
    "function": "digits",
    "alias": "live",
    "version": "7",
    "alarms": ["digits-new-version-errors"],
}

SPEC = shift_traffic.app_spec("digits", "live", "6", "7")
STARTED = {"status": "started", "deployment_id": "d-1", "from": "6"}


class Aws:
    """Lambda and CodeDeploy. Each call has one prepared answer, and a parameter that botocore does not know fails."""

    def __init__(self) -> None:
        self.clients = {
            name: boto3.client(name, region_name="eu-central-1", aws_access_key_id="id", aws_secret_access_key="key")
            for name in ("lambda", "codedeploy", "cloudwatch")
        }
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}

    def alias_is_at(self, version: str, **weights: float) -> None:
        routing = {"RoutingConfig": {"AdditionalVersionWeights": weights}} if weights else {}
        self.stubs["lambda"].add_response(
            "get_alias", {"FunctionVersion": version, **routing}, {"FunctionName": "digits", "Name": "live"}
        )

    def rings(self, *alarms: str) -> None:
        self.stubs["cloudwatch"].add_response(
            "describe_alarms",
            {"MetricAlarms": [{"AlarmName": alarm} for alarm in alarms]},
            {"AlarmNames": EVENT["alarms"], "StateValue": "ALARM"},
        )

    def denies(self, service: str, operation: str) -> None:
        self.stubs[service].add_client_error(operation, "AccessDeniedException", "not authorized")

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
    monkeypatch.setattr(shift_traffic, "_PAUSE_SECONDS", 0)
    for stub in aws.stubs.values():
        stub.activate()
    yield aws
    for stub in aws.stubs.values():
        stub.assert_no_pending_responses()


def test_a_shift_starts_from_the_version_that_the_alias_is_at(account: Aws):
    account.alias_is_at("6")
    account.rings()
    account.takes(SPEC, "digits: version 6 to 7")
    assert shift_traffic.handler(EVENT, None) == STARTED


def test_a_grant_that_does_not_hold_everywhere_yet_is_waited_for(account: Aws):
    account.denies("lambda", "get_alias")
    account.denies("lambda", "get_alias")
    account.alias_is_at("6")
    account.denies("cloudwatch", "describe_alarms")
    account.rings()
    account.denies("codedeploy", "create_deployment")
    account.takes(SPEC, "digits: version 6 to 7")
    assert shift_traffic.handler(EVENT, None) == STARTED


def test_a_grant_that_never_holds_is_an_error_in_the_end(account: Aws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shift_traffic, "PATIENCE_SECONDS", 0)
    account.denies("lambda", "get_alias")
    with pytest.raises(ClientError, match="not authorized"):
        shift_traffic.handler(EVENT, None)


def test_an_alarm_that_rang_for_another_version_is_given_time_to_look_at_the_new_one(account: Aws):
    account.alias_is_at("6")
    account.rings("digits-new-version-errors")
    account.rings()
    account.takes(SPEC, "digits: version 6 to 7")
    assert shift_traffic.handler(EVENT, None) == STARTED


def test_an_alarm_that_goes_on_ringing_is_named_with_the_way_out(account: Aws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shift_traffic, "PATIENCE_SECONDS", 0)
    account.alias_is_at("6")
    account.rings("digits-new-version-errors")
    with pytest.raises(shift_traffic.ShiftError, match=r"digits-new-version-errors.*config set delivery allAtOnce"):
        shift_traffic.handler(EVENT, None)


def test_an_alias_that_is_there_already_needs_no_deployment(account: Aws):
    account.alias_is_at("7")
    assert shift_traffic.handler(EVENT, None) == {"status": "current", "version": "7"}


def test_an_error_about_a_shift_under_way_says_what_to_do(account: Aws):
    account.alias_is_at("6")
    account.rings()
    account.stubs["codedeploy"].add_client_error("create_deployment", "DeploymentLimitExceededException", "d-0 runs")
    with pytest.raises(shift_traffic.ShiftError, match=r"digits is still shifting .*d-0 runs.*Wait until it ends"):
        shift_traffic.handler(EVENT, None)


def test_an_alias_that_still_gives_another_version_traffic_is_not_called_current(account: Aws):
    account.alias_is_at("7", **{"8": 0.1})
    with pytest.raises(shift_traffic.ShiftError, match=r"still shifting .* \(to version 8\)"):
        shift_traffic.handler(EVENT, None)


def test_other_failures_are_raised_as_they_are(account: Aws):
    account.alias_is_at("6")
    account.rings()
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
