"""What a change of a living stack costs, and what AWS would refuse half-way."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given

from components.configuration.changing import RefusedChange, comparison
from components.configuration.deployed import deployed_with, from_json, to_json
from components.configuration.reading import SettingsError, read_settings
from components.settings.settings import Settings
from tests.packaged import as_configuration, package
from tests.program.settings_strategies import BALANCER, configurations
from tests.recorder import IMAGE

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1a"
DOMAIN = {"domainName": "models.example.com", "certificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/0a"}
GIVEN = {"vpcId": "vpc-0a", "subnetIds": ["subnet-0a", "subnet-0b"]}
PROVISIONED = {"storage": "efs", "efsThroughput": "provisioned", "efsProvisionedMibps": 20}
READY = {"provisionedConcurrency": 4}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    package(root, "digits")
    return package(root, "iris")


def settings(root: Path, values: dict[str, Any]) -> Settings:
    return read_settings(as_configuration(modelRepository=str(root), **values), root, "eu-central-1")


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collects what a deployment is warned of."""
    warned: list[str] = []
    monkeypatch.setattr(pulumi, "warn", warned.append)
    return warned


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ({}, {"memoryMib": 2048, "logRetentionDays": 7}, []),
        ({}, {"api": "rest"}, ["api"]),
        (DOMAIN, {**DOMAIN, "api": "rest"}, ["api"]),
        (DOMAIN, {**DOMAIN, **BALANCER}, ["api"]),
        ({}, {"api": "url"}, ["api"]),
        ({}, DOMAIN, ["domainName"]),
        (DOMAIN, {**DOMAIN, "domainName": "other.example.com"}, ["domainName"]),
        ({}, {"kmsKeyArn": KEY}, ["kmsKeyArn"]),
        ({"storage": "efs"}, {"storage": "efs", "kmsKeyArn": KEY}, ["kmsKeyArn", "kmsKeyArn"]),
        ({"storage": "efs"}, {"storage": "efs", **GIVEN}, ["vpcId, subnetIds", "vpcId, subnetIds"]),
        ({"storage": "efs", **GIVEN}, {"storage": "efs"}, ["vpcId, subnetIds"]),
        ({"storage": "efs", **GIVEN}, {"storage": "efs", **GIVEN, "subnetIds": ["subnet-0b"]}, ["subnetIds"]),
        ({"storage": "efs", **GIVEN}, {"storage": "efs", **GIVEN, "subnetIds": ["subnet-0b", "subnet-0a"]}, []),
        ({"storage": "s3files"}, {"storage": "s3files", "vpcCidr": "10.1.0.0/22"}, ["vpcCidr", "vpcCidr"]),
        ({"storage": "efs"}, {"storage": "efs", "efsThroughput": "bursting"}, ["efsThroughput"]),
        (PROVISIONED, {**PROVISIONED, "efsProvisionedMibps": 10}, ["efsProvisionedMibps"]),
        (PROVISIONED, {**PROVISIONED, "efsProvisionedMibps": 30}, []),
        ({"storage": "efs"}, {"storage": "s3"}, ["storage"]),
        ({"storage": "efs"}, {"storage": "s3files"}, []),
        ({"storage": "efs", **GIVEN}, {"storage": "s3"}, []),
        ({}, {"imageUri": IMAGE}, ["imageUri"]),
        ({"imageUri": IMAGE}, {"kmsKeyArn": KEY}, []),
        ({}, {"modelBucket": "models-of-a-team"}, ["modelBucket"]),
        ({"modelBucket": "models-of-a-team"}, {"modelBucket": "models-of-others"}, ["modelBucket"]),
        ({"modelBucket": "models-of-a-team"}, {}, ["modelBucket"]),
        ({"modelBucket": "models-of-a-team"}, {"modelBucket": "models-of-a-team"}, []),
        (
            {"reservedConcurrency": 400},
            {"reservedConcurrency": 300, "mode": "single"},
            ["mode, reservedConcurrency"],
        ),
        ({"reservedConcurrency": 400}, {"mode": "single"}, []),
        ({"asynchronous": True}, {}, ["asynchronous"]),
        ({"asynchronous": True}, {"asynchronous": True, "mode": "single"}, ["mode"]),
        ({}, {"asynchronous": True}, []),
        (
            {"asynchronous": True, "mode": "single", "models": ["iris"]},
            {"asynchronous": True, "mode": "single", "models": ["digits"]},
            ["models", "models, modelRepository"],
        ),
        ({}, {"models": ["iris"]}, ["models, modelRepository"]),
        ({"models": ["iris"]}, {}, []),
        ({"mode": "single", "models": ["iris"]}, {"mode": "single", "models": ["digits"]}, ["models, modelRepository"]),
    ],
)
def test_a_change_that_has_a_price_says_so(
    root: Path, before: dict[str, Any], after: dict[str, Any], keys: list[str], warned: list[str]
):
    record = comparison(settings(root, before))(None)
    assert warned == []
    comparison(settings(root, after))(record)
    assert [line.partition(": ")[0] for line in warned] == keys


@pytest.mark.parametrize(
    ("after", "key"),
    [
        ({"reservedConcurrency": 3}, "reservedConcurrency"),
        ({"provisionedConcurrency": 2, "reservedConcurrency": 3}, "reservedConcurrency"),
        ({"snapStart": True}, "snapStart"),
        ({"delivery": "canary10Percent5Minutes", "monitoring": True}, "delivery"),
    ],
)
def test_a_change_that_aws_refuses_half_way_is_refused_before_anything_changes_with_two_steps(
    root: Path, after: dict[str, Any], key: str
):
    record = comparison(settings(root, READY))(None)
    with pytest.raises(RefusedChange, match=rf"{key}, .*run `pulumi up`, then"):
        comparison(settings(root, after))(record)


def test_a_record_of_dns_is_moved_in_two_steps(root: Path):
    zoned = {**DOMAIN, "hostedZoneId": "Z0123456789ABC"}
    record = comparison(settings(root, zoned))(None)
    with pytest.raises(RefusedChange, match=r"api, hostedZoneId: .*run `pulumi up`, then change api"):
        comparison(settings(root, {**zoned, **BALANCER}))(record)
    for step in (DOMAIN, {**zoned, **BALANCER}):
        record = comparison(settings(root, step))(record)


def test_both_steps_of_such_a_change_are_let_through(root: Path):
    record = comparison(settings(root, READY))(None)
    for step in ({"provisionedConcurrency": 2}, {"provisionedConcurrency": 2, "reservedConcurrency": 3}):
        record = comparison(settings(root, step))(record)
    for step in ({}, {"snapStart": True}):
        record = comparison(settings(root, step))(record)


@given(values=configurations)
def test_a_record_says_what_the_deployment_was_made_with(root: Path, values: dict[str, Any]):
    try:
        made = settings(root, values)
    except SettingsError:
        return
    recorded = from_json(to_json(deployed_with(made)))
    assert recorded == deployed_with(made)
    assert recorded.settings == replace(made, packaged=(), region=None, model_repository="build/repository")


@pytest.mark.parametrize("record", ["", "[]", "{", '{"settings": []}'])
def test_a_record_that_cannot_be_read_is_said_and_stops_nothing(root: Path, record: str, warned: list[str]):
    assert comparison(settings(root, {}))(record) == to_json(deployed_with(settings(root, {})))
    assert ["cannot be read" in line for line in warned] == [True]


def test_settings_of_another_release_count_as_left_out(root: Path):
    record = json.loads(to_json(deployed_with(settings(root, {}))))
    record["settings"] |= {"colour": "red", "api": "soap"}
    assert from_json(json.dumps(record)).settings == Settings()
