"""A change of every setting in `Pulumi.yaml`: to another value, on a stack that has the default or what it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.changes import Period
from local.stack_config import PROJECT
from local.surroundings import Surroundings

Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Excuse:
    """Why callers fail, and in which periods of a change and of the change back."""

    reason: str = ""
    there: Sequence[Period] = ()
    back: Sequence[Period] = ()


def until_back(reason: str) -> Excuse:
    """An excuse that holds from the change until the change back."""
    return Excuse(reason=reason, there=("during", "after"), back=("before", "during"))


WHILE_UPDATED = Excuse(reason="callers have to move to another address", there=("during",), back=("during",))
EXCUSES: Mapping[str, Excuse] = {
    "api": WHILE_UPDATED,
    "apiKeyRequired": until_back("callers without a key are refused"),
    "auth": until_back("callers without credentials are refused"),
    "domainName": until_back("API Gateway's own address is switched off"),
    "models": until_back("other models are not found"),
}
"""Why callers fail while a setting is changed, by its key. Nothing else may make them fail."""

TOKENS: Settings = {
    "auth": "jwt",
    "jwtIssuer": "https://login.example.com",
    "jwtAudience": ["models"],
    "jwtScopes": ["predict"],
}
ALARMS: Settings = {"errorAlarmPercent": 5, "latencyAlarmMs": 900, "coldStartAlarmPercent": 50}
CANARY: Settings = {"delivery": "canary10Percent5Minutes"}
SCHEDULE: Settings = {
    "provisionedConcurrencySchedule": {"day": {"schedule": "cron(0 8 * * ? *)", "minimum": 2, "maximum": 3}}
}


@dataclass(frozen=True, kw_only=True)
class SettingChange:
    """Settings that are changed together, because one of them needs the others."""

    base: Settings
    """What the stack has before and after, where that is not the default."""
    to: Settings

    @property
    def excuse(self) -> Excuse:
        """Why callers fail; an empty one where none may."""
        return next((EXCUSES[key] for key in self.to if key in EXCUSES), Excuse())

    def __str__(self) -> str:
        return ", ".join(f"{key} {_short(value)}" for key, value in self.to.items())


def setting_changes(around: Surroundings, repository: Path) -> Sequence[SettingChange]:
    """Every change; those of one base follow each other. `repository`: the stack's models in another directory."""
    table: Sequence[tuple[Settings, Sequence[Settings]]] = [
        ({}, [*_of_functions(around, repository), *_of_the_api(around), *_of_operations(around)]),
        ({"monitoring": True}, [CANARY]),
        ({"snapStart": True}, [{"keptVersions": 1}]),
        (
            {"provisionedConcurrency": 1},
            [{"provisionedConcurrencyMaximum": 3, "provisionedConcurrencyUtilizationPercent": 50}, SCHEDULE],
        ),
        ({"api": "rest"}, [{"webAclArn": around.web_acl_arn}, {"apiTracing": True}, {"apiKeyRequired": True}]),
        (
            {"mode": "single"},
            [{"modelSettings": {"iris": {"memoryMib": 512}}}, {"modelSettings": {"iris": {"storage": "image"}}}],
        ),
        ({"storage": "image"}, [{"imageUri": around.image_uri, "imageHoldsModels": True}]),
        ({"storage": "efs"}, [*_of_the_network(around), *_of_the_file_system(around)]),
        ({"storage": "s3files"}, [*_of_the_network(around), {"kmsKeyArn": around.key_arn}]),
        (
            {"deleteModelsOnDestroy": True},
            [{"modelBucket": around.bucket, "modelBucketKeyArn": around.key_arn}],
        ),
    ]
    return [SettingChange(base=base, to=to) for base, changes in table for to in changes]


def defaults() -> Settings:
    """The default of every setting."""
    schema = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    return {key: entry["default"] for key, entry in schema.items()}


def _of_functions(around: Surroundings, repository: Path) -> Sequence[Settings]:
    return [
        {"memoryMib": 1024},
        {"timeoutSeconds": 20},
        {"ephemeralStorageMib": 1024},
        {"modelCacheMib": 256},
        {"reservedConcurrency": 100},
        {"tensorBuckets": ["acme-tensors/requests"]},
        {"provisionedConcurrency": 1},
        {"snapStart": True},
        {"mode": "single"},
        {"storage": "efs"},
        {"models": ["iris"]},
        {"seedModels": False},
        {"verifyModels": False},
        {"allowModelCode": True},
        {"modelRepository": str(repository)},
        {"architecture": "arm64"},
        {"imageUri": around.image_uri},
        {"imageEngines": "tensorflow"},
    ]


def _of_the_api(around: Surroundings) -> Sequence[Settings]:
    return [
        {"api": "rest"},
        {"api": "url"},
        {
            "domainName": "models.example.com",
            "api": "alb",
            "certificateArn": around.certificate_arn,
            "balancerVpcId": around.vpc_id,
            "balancerSubnetIds": around.subnet_ids,
            "balancerCallers": ["10.0.0.0/8"],
        },
        {"auth": "iam"},
        TOKENS,
        {"auth": "lambda", "authorizerArn": around.authorizer_arn, "authorizerCacheSeconds": 60},
        {"corsOrigins": ["https://app.example.com"], "corsHeaders": ["x-tenant"], "corsCredentials": True},
        {"throttlingBurst": 1000, "throttlingRate": 500},
        {"asynchronous": True, "asynchronousConcurrency": 3},
        {"apiRoutesQuota": 500},
        {"openHealthChecks": True},
        {"page": False},
        {
            "domainName": "models.example.com",
            "certificateArn": around.certificate_arn,
            "hostedZoneId": around.hosted_zone_id,
        },
    ]


def _of_operations(around: Surroundings) -> Sequence[Settings]:
    return [
        {"monitoring": True, "modelMetrics": True, "alarmsTopicArn": around.topic_arn, **ALARMS},
        {"logRetentionDays": 14},
        {"kmsKeyArn": around.key_arn},
        {"permissionsBoundaryArn": around.boundary_arn},
        {"tags": {"team": "vision"}},
        {"deleteModelsOnDestroy": True},
    ]


def _of_the_network(around: Surroundings) -> Sequence[Settings]:
    return [
        {"vpcCidr": "10.43.0.0/24"},
        {"zones": around.zones},
        {"vpcId": around.vpc_id, "subnetIds": around.subnet_ids},
        {"interfaceEndpoints": ["kms"]},
    ]


def _of_the_file_system(around: Surroundings) -> Sequence[Settings]:
    return [
        {"efsThroughput": "bursting"},
        {"efsThroughput": "provisioned", "efsProvisionedMibps": 20},
        {"syncReservedConcurrency": False},
        {"kmsKeyArn": around.key_arn},
    ]


def _short(value: Any) -> str:
    """A value without what is this machine's own."""
    if isinstance(value, str) and value.startswith(("arn:", "/")):
        return "…"
    return str(value) if not isinstance(value, str) or len(value) < 40 else "…"
