"""What a program finds out about a key that was there before it."""

import pytest

from local import resources
from local.resources.refusals import refused

LOOK = """
import pulumi
from components.configuration.key_lookup import found_key
from components.configuration.rules.found_key import ADVISED

key = found_key("{arn}")
pulumi.export("said", "not shown" if key is None else [each.message for rule in ADVISED for each in rule(key)])
"""


@pytest.fixture
def arn(emulator) -> str:
    """A key with the policy that KMS gives where nobody says another."""
    return emulator.client("kms").create_key()["KeyMetadata"]["Arn"]


def test_the_policy_that_kms_gives_a_key_lets_roles_use_it_and_logs_not(deploy_program, arn):
    [said] = deploy_program(LOOK.format(arn=arn)).outputs["said"]
    assert f"the policy of {arn} does not let logs.eu-central-1.amazonaws.com use the key" in said


def test_a_key_that_aws_does_not_show_is_passed_over(deploy_program, arn, monkeypatch: pytest.MonkeyPatch):
    def deny(*_: object) -> None:
        raise refused("GetResource", "AccessDeniedException", "User is not authorized to perform kms:GetKeyPolicy")

    monkeypatch.setitem(resources.FUNCTIONS, "aws:cloudcontrol/getResource:getResource", deny)
    assert deploy_program(LOOK.format(arn=arn)).outputs["said"] == "not shown"
    nowhere = arn.replace(arn[-12:], "0" * 12)
    monkeypatch.undo()
    assert deploy_program(LOOK.format(arn=nowhere)).outputs["said"] == "not shown"
