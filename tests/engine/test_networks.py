"""Subnets, zones and VPCs of a living stack, changed under Pulumi's own engine."""

from typing import Any

import pytest

from local.surroundings import Surroundings, make_surroundings
from tests.engine.conftest import succeeded

FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
MOUNT_TARGET = "aws:efs/mountTarget:MountTarget"


@pytest.fixture
def around(run, models) -> Surroundings:
    return make_surroundings(run.account, models)


@pytest.fixture
def given(settings, around) -> dict[str, Any]:
    """An efs stack in a VPC that is there already."""
    return {**settings, "storage": "efs", "vpcId": around.vpc_id, "subnetIds": around.subnet_ids}


def mounted(run) -> set[str]:
    """The subnets with a mount target of the one file system."""
    efs = run.account.client("efs")
    [file_system] = efs.describe_file_systems()["FileSystems"]
    targets = efs.describe_mount_targets(FileSystemId=file_system["FileSystemId"])["MountTargets"]
    return {each["SubnetId"] for each in targets}


def test_subnets_in_another_order_change_nothing(run, given, around):
    succeeded(run.stack.up(given))
    assert succeeded(run.stack.up({"subnetIds": around.subnet_ids[::-1]})).quiet


def test_a_subnet_less_and_then_one_more_converge_with_a_mount_target_in_each(run, given, around):
    first, second = around.subnet_ids
    succeeded(run.stack.up(given))
    for subnets in ([second], [second, first]):
        succeeded(run.stack.up({"subnetIds": subnets}))
        assert mounted(run) == set(subnets)
        assert succeeded(run.stack.up()).quiet


def test_a_subnet_gives_way_to_another_one_of_its_zone(run, given, around):
    first, second = around.subnet_ids
    ec2 = run.account.client("ec2")
    [there] = ec2.describe_subnets(SubnetIds=[second])["Subnets"]
    block = there["CidrBlock"].replace(".64/", ".128/")
    made = ec2.create_subnet(VpcId=around.vpc_id, CidrBlock=block, AvailabilityZone=there["AvailabilityZone"])
    third = made["Subnet"]["SubnetId"]
    succeeded(run.stack.up(given))
    succeeded(run.stack.up({"subnetIds": [first, third]}))
    assert mounted(run) == {first, third}
    assert succeeded(run.stack.up()).quiet


def test_a_file_system_is_made_in_the_other_vpc_and_filled_before_the_old_one_is_deleted(run, settings, around):
    succeeded(run.stack.up({**settings, "storage": "efs"}))
    there = succeeded(run.stack.up({"vpcId": around.vpc_id, "subnetIds": around.subnet_ids}))
    assert mounted(run) == set(around.subnet_ids)
    back = succeeded(run.stack.up({"vpcId": "", "subnetIds": []}))
    assert not mounted(run) & set(around.subnet_ids)
    for result in (there, back):
        operations = [(step.operation, step.pulumi_type) for step in result.steps]
        filled = operations.index(("create-replacement", "aws:lambda/invocation:Invocation"))
        assert filled < operations.index(("delete-replaced", FILE_SYSTEM))
        assert filled < operations.index(("delete", MOUNT_TARGET))
