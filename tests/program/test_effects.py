"""A setting that changes nothing in a configuration is refused there, or named at the preview."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.configuration.reading import SettingsError, specs
from local.setting_changes import defaults
from tests.packaged import package
from tests.program.settings_strategies import DOMAIN, FUNCTION_OF_OURS, arn
from tests.program.test_program import run
from tests.recorder import IMAGE, REGION

BASES: Mapping[str, Mapping[str, Any]] = {
    "the defaults": {},
    "a file system in a VPC that is there": {
        **{"storage": "efs", "vpcId": "vpc-0a", "subnetIds": ["subnet-0a"], "mode": "single", "api": "rest"},
        "provisionedConcurrency": 1,
    },
    "an image that is there": {"storage": "image", "imageUri": IMAGE, "imageHoldsModels": True, "monitoring": True},
    "a stack that publishing fills": {"seedModels": False, **DOMAIN},
}

OTHER_VALUES: Mapping[str, Any] = {
    **{"storage": "s3files", "vpcCidr": "10.43.0.0/24", "zones": [f"{REGION}c"], "vpcId": "vpc-0b"},
    **{"subnetIds": ["subnet-0c"], "interfaceEndpoints": ["kms"], "efsThroughput": "bursting"},
    **{"efsProvisionedMibps": 20, "syncReservedConcurrency": False, "imageHoldsModels": True, "verifyModels": False},
    **{"allowModelCode": True, "openHealthChecks": True, "asynchronous": True, "asynchronousConcurrency": 3},
    **{"memoryMib": 1024, "timeoutSeconds": 20, "ephemeralStorageMib": 1024, "modelCacheMib": 256},
    **{"reservedConcurrency": 100, "provisionedConcurrency": 2, "provisionedConcurrencyMaximum": 9},
    "provisionedConcurrencyUtilizationPercent": 50,
    "provisionedConcurrencySchedule": {"day": {"schedule": "cron(0 8 * * ? *)", "minimum": 2, "maximum": 3}},
    **{"snapStart": True, "api": "rest", "auth": "none", "jwtIssuer": "https://login.example.com"},
    **{"jwtAudience": ["models"], "jwtScopes": ["predict"], "authorizerCacheSeconds": 60},
    **{
        "authorizerArn": FUNCTION_OF_OURS["authorizerArn"],
        "corsOrigins": ["https://app.example.com"],
        "corsHeaders": ["x-team"],
    },
    **{"corsCredentials": True, "domainName": "b.example.com", "certificateArn": arn("acm", "certificate/0b")},
    **{"hostedZoneId": "Z0B", "throttlingBurst": 1000, "throttlingRate": 500, "apiRoutesQuota": 400},
    **{"webAclArn": arn("wafv2", "regional/webacl/front/0a"), "apiKeyRequired": True, "apiTracing": True},
    **{"page": False, "tensorBuckets": ["acme-tensors"], "balancerCallers": ["10.0.0.0/8"]},
    **{"balancerVpcId": "vpc-0c", "balancerSubnetIds": ["subnet-0d", "subnet-0e"]},
    "keptVersions": 9,
    **{"delivery": "linear10PercentEvery1Minute", "monitoring": True, "alarmsTopicArn": arn("sns", "alarms")},
    "modelMetrics": True,
    **{"errorAlarmPercent": 5, "latencyAlarmMs": 900, "coldStartAlarmPercent": 50, "logRetentionDays": 14},
    **{"kmsKeyArn": arn("kms", "key/0a"), "tags": {"team": "vision"}, "mode": "single", "models": ["iris"]},
    "permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
    **{"seedModels": False, "architecture": "arm64", "imageUri": IMAGE.replace("ab", "cd")},
    **{"modelBucket": "trained", "modelBucketKeyArn": arn("kms", "key/0b")},
    **{"imageEngines": "litert", "deleteModelsOnDestroy": True, "modelSettings": {"iris": {"memoryMib": 512}}},
}
"""A value that is not the default, for each setting."""

ONLY_CHECKED = frozenset({"modelRepository", "apiRoutesQuota"})
"""Settings that no resource shows: where packaged models are read, and a number that others are compared with."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    package(root, "digits", engine="tensorflow")
    return package(root, "iris")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collects what a preview is warned of."""
    said: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda message, *_: said.append(str(message)))
    return said


def registered(root: Path, values: Mapping[str, Any]) -> list[str]:
    """Every resource but the record of the settings, as text."""
    found = [each for each in run(root, **values).registered if each.name != "inference-record-settings"]
    shown = [
        (each.type, each.name, each.inputs, each.protect, each.ignore_changes, each.replacement_trigger)
        for each in found
    ]
    return sorted(json.dumps(each, default=lambda asset: getattr(asset, "path", ""), sort_keys=True) for each in shown)


def test_every_setting_has_another_value():
    assert OTHER_VALUES.keys() | {"modelRepository"} == specs().keys()
    assert not [key for key, value in OTHER_VALUES.items() if value == defaults()[key]]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("base", BASES)
def test_a_setting_changes_something_or_is_named(root: Path, base: str, said: list[str]):
    before = registered(root, BASES[base])
    silent: list[str] = []
    for key, value in OTHER_VALUES.items():
        if BASES[base].get(key) == value or key in ONLY_CHECKED:
            continue
        said.clear()
        try:
            changed = registered(root, {**BASES[base], key: value}) != before
        except SettingsError as error:
            changed = any(each.split(".")[0] == key for problem in error.problems for each in problem.keys)
        if not changed and not any(key in line.partition(": ")[0] for line in said):
            silent.append(key)
    assert silent == []


@pytest.mark.parametrize(
    ("key", "value", "base"),
    [
        ("apiRoutesQuota", 400, {}),
        ("verifyModels", False, {}),
        ("verifyModels", False, {"mode": "single", "storage": "s3"}),
        ("modelRepository", "elsewhere", {"seedModels": False}),
    ],
)
def test_a_setting_without_effect_that_no_resource_shows_is_named_too(
    root: Path, key: str, value: object, base: dict[str, Any], said: list[str]
):
    run(root, **{**base, key: value})
    assert [line for line in said if line.startswith(f"{key}, ")]
