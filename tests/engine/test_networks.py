"""Subnets, zones, VPCs and keys of a living stack, changed under Pulumi's own engine."""

from pathlib import Path

import pytest

from local.engine.results import Result
from local.surroundings import Surroundings, make_key, make_surroundings
from tests.engine.conftest import succeeded
from tests.engine.test_prices import told

FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
MOUNT_TARGET = "aws:efs/mountTarget:MountTarget"


@pytest.fixture(scope="module")
def around(living, of_living) -> Surroundings:
    return make_surroundings(living.account, Path(of_living["modelRepository"]))


@pytest.fixture
def given(living, of_living, around) -> Result:
    """An efs stack in a VPC that is there already."""
    there = {"storage": "efs", "vpcId": around.vpc_id, "subnetIds": around.subnet_ids}
    return succeeded(living.stack.up({**of_living, **there}))


def mounted(run) -> set[str]:
    """The subnets with a mount target of the one file system."""
    efs = run.account.client("efs")
    [file_system] = efs.describe_file_systems()["FileSystems"]
    targets = efs.describe_mount_targets(FileSystemId=file_system["FileSystemId"])["MountTargets"]
    return {each["SubnetId"] for each in targets}


@pytest.mark.usefixtures("given")
def test_subnets_in_another_order_change_nothing(living, around):
    assert succeeded(living.stack.up({"subnetIds": around.subnet_ids[::-1]})).quiet


@pytest.mark.usefixtures("given")
def test_a_subnet_less_and_then_one_more_converge_with_a_mount_target_in_each(living, around):
    first, second = around.subnet_ids
    for subnets in ([second], [second, first]):
        succeeded(living.stack.up({"subnetIds": subnets}))
        assert mounted(living) == set(subnets)
        assert succeeded(living.stack.up()).quiet


@pytest.mark.usefixtures("given")
def test_a_subnet_gives_way_to_another_one_of_its_zone(living, around):
    first, second = around.subnet_ids
    ec2 = living.account.client("ec2")
    [there] = ec2.describe_subnets(SubnetIds=[second])["Subnets"]
    block = there["CidrBlock"].replace(".64/", ".128/")
    made = ec2.create_subnet(VpcId=around.vpc_id, CidrBlock=block, AvailabilityZone=there["AvailabilityZone"])
    third = made["Subnet"]["SubnetId"]
    succeeded(living.stack.up({"subnetIds": [first, third]}))
    assert mounted(living) == {first, third}
    assert succeeded(living.stack.up()).quiet


@pytest.mark.usefixtures("given")
def test_another_vpc_is_said_and_its_file_system_is_made_and_filled_before_the_old_one_is_deleted(living, around):
    elsewhere = {"vpcId": "", "subnetIds": []}
    assert told(succeeded(living.stack.preview(elsewhere))) == ["vpcId, subnetIds"]
    out = succeeded(living.stack.up(elsewhere))
    assert not mounted(living) & set(around.subnet_ids)
    back = succeeded(living.stack.up({"vpcId": around.vpc_id, "subnetIds": around.subnet_ids}))
    assert mounted(living) == set(around.subnet_ids)
    assert told(succeeded(living.stack.preview())) == []
    for result in (out, back):
        operations = [(step.operation, step.pulumi_type) for step in result.steps]
        filled = operations.index(("create-replacement", "aws:lambda/invocation:Invocation"))
        assert filled < operations.index(("delete-replaced", FILE_SYSTEM))
        assert filled < operations.index(("delete", MOUNT_TARGET))


@pytest.mark.usefixtures("given")
def test_a_key_replaces_what_cannot_be_encrypted_anew(living):
    key = make_key(living.account)
    preview = succeeded(living.stack.preview({"kmsKeyArn": key}))
    succeeded(living.stack.preview({"kmsKeyArn": ""}))
    replaced = {step.pulumi_type for step in preview.of("replace")}
    assert {FILE_SYSTEM, "aws:ecr/repository:Repository"} <= replaced
    assert not replaced & {"aws:lambda/function:Function", "aws:s3/bucket:Bucket"}


def test_a_network_that_cannot_be_used_is_refused_at_preview_and_one_without_a_way_to_s3_is_told_of(
    living, of_living, around
):
    ec2 = living.account.client("ec2")
    beside = ec2.create_subnet(VpcId=around.vpc_id, CidrBlock="10.77.0.128/26", AvailabilityZone=around.zones[0])[
        "Subnet"
    ]["SubnetId"]
    there = {**of_living, "storage": "efs", "vpcId": around.vpc_id}
    twice = living.stack.preview({**there, "subnetIds": [around.subnet_ids[0], beside]})
    assert any(f"{around.subnet_ids[0]} and {beside} are both in {around.zones[0]}" in said for said in twice.errors)
    routed = succeeded(living.stack.preview({**there, "subnetIds": around.subnet_ids}))
    assert not any("route to S3" in said for said in routed.warnings)
    unrouted = succeeded(living.stack.preview({**there, "subnetIds": [beside]}))
    assert any(f"{beside} has no route to S3" in said for said in unrouted.warnings)
    unknown = living.stack.preview({**there, "subnetIds": ["subnet-0123456789abcdef0"]})
    assert any("AWS does not show" in said for said in unknown.errors)
    ec2.delete_subnet(SubnetId=beside)
