"""What a stack lost is found by its tag and removed by the commands that are listed, under Pulumi's own engine."""

from typing import Any

import pytest

from ops.orphans import orphans
from tests.engine.conftest import succeeded
from tests.engine.lost import remove_orphans, unlisted
from tests.engine.operator import Operator
from tests.engine.test_shapes import left_over

LOST = ("inference-files-sync-dead-letters", "inference-files-sync-role", "inference-files-models")
"""A queue, a role with a policy, and an access point."""

IN_THE_VPC = ("aws:lambda/function:", "aws:lambda/alias:", "aws:efs/", "aws:s3/files")
"""How types begin that stand in a VPC or belong to what does."""


def without(state: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The state as an interruption leaves it that loses these resources."""
    kept = [each for each in state["deployment"]["resources"] if each["urn"].rpartition("::")[2] not in names]
    return {**state, "deployment": {**state["deployment"], "resources": kept}}


def test_what_is_in_no_state_is_listed_and_its_commands_remove_it(run, settings, tmp_path):
    succeeded(run.stack.up({**settings, "storage": "efs"}))
    assert not list(run.stack.directory.rglob("*.attrs"))  # an engine that is killed may leave an empty one
    state = dict(run.stack.exported())
    assert orphans(state, run.account.client) == []
    assert unlisted(run.account, state, []) == []
    lost = orphans(without(state, LOST), run.account.client)
    assert unlisted(run.account, without(state, LOST), lost) == []
    assert [each.split("-")[0] for each in unlisted(run.account, without(state, LOST), [])] == [
        "roles inference",
        "queues inference",
    ]
    assert sorted(orphan.arn.split(":")[2] for orphan in lost) == ["elasticfilesystem", "iam", "sqs"]

    operator = Operator(run, tmp_path, {})
    for orphan in lost:
        for command in orphan.commands:
            operator.types(command)
    assert orphans(without(state, LOST), run.account.client) == []


def test_a_subnet_that_an_interruption_left_is_explained_and_once_it_is_removed_the_update_succeeds(
    run, settings, tmp_path
):
    one = {**settings, "storage": "efs", "zones": ["eu-central-1a"]}
    succeeded(run.stack.up(one))
    ec2 = run.account.client("ec2")
    [there] = [each for each in ec2.describe_subnets()["Subnets"] if each.get("Tags")]
    made = ec2.create_subnet(
        VpcId=there["VpcId"],
        AvailabilityZone="eu-central-1b",
        CidrBlock=there["CidrBlock"].replace(".0/", ".32/"),
        TagSpecifications=[{"ResourceType": "subnet", "Tags": there["Tags"]}],
    )
    two = {"zones": ["eu-central-1a", "eu-central-1b"]}
    refused = run.stack.up(two)
    assert not refused.succeeded
    assert any("left a subnet in the VPC" in error and "ops orphans" in error for error in refused.errors)
    [orphan] = orphans(run.stack.exported(), run.account.client)
    assert made["Subnet"]["SubnetId"] in orphan.arn
    assert remove_orphans(run, tmp_path) == []
    succeeded(run.stack.up(two))
    assert run.stack.up().quiet


PARTS = (
    *("aws:apigatewayv2/route:Route", "aws:apigatewayv2/integration:Integration", "aws:lambda/alias:Alias"),
    *("aws:efs/mountTarget:MountTarget", "aws:ec2/routeTableAssociation:RouteTableAssociation"),
    "aws:iam/rolePolicy:RolePolicy",
)
"""Types that take no tags."""


def test_parts_of_what_the_stack_has_are_listed_and_once_they_are_removed_an_update_makes_them_again(
    run, settings, tmp_path
):
    succeeded(run.stack.up({**settings, "storage": "efs"}))
    state = dict(run.stack.exported())
    parts = [each for each in state["deployment"]["resources"] if each["type"] in PARTS]
    kept = [each for each in state["deployment"]["resources"] if each not in parts]
    lost = orphans({**state, "deployment": {"resources": kept}}, run.account.client)
    assert {each["type"] for each in parts} == set(PARTS)
    assert len(lost) == len(parts)
    operator = Operator(run, tmp_path, {})
    for orphan in lost:
        for command in orphan.commands:
            operator.types(command)
    gone = succeeded(run.stack.refresh())
    assert gone.changes["delete"] >= len(parts)  # what belongs to an alias goes with it
    succeeded(run.stack.up())
    assert run.stack.up().quiet
    assert orphans(run.stack.exported(), run.account.client) == []


@pytest.mark.parametrize("storage", ["efs", "s3files"])
def test_a_network_can_be_deleted_after_orphans_that_stood_in_it_were_removed(run, settings, tmp_path, storage):
    made = succeeded(run.stack.up({**settings, "storage": storage}))
    state = dict(run.stack.exported())
    kept = [each for each in state["deployment"]["resources"] if not each["type"].startswith(IN_THE_VPC)]
    operator = Operator(run, tmp_path, {})
    for orphan in orphans({**state, "deployment": {"resources": kept}}, run.account.client):
        for command in orphan.commands:
            operator.types(command)
    succeeded(run.stack.refresh())
    gone = succeeded(run.stack.destroy())
    assert 0 < gone.changes["delete"] < made.changes["create"]
    assert left_over(run.account) == {}
