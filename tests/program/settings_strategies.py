"""Random configurations: every setting in groups that make sense together, most of them legal."""

from collections.abc import Mapping
from typing import Any, get_args

from hypothesis import strategies as st

from components.settings.operations_settings import LOG_RETENTION_DAYS, Delivery
from components.settings.settings import Mode
from components.settings.storage_settings import MOUNTED_STORAGES, Storage
from handlers.contract import Architecture
from tests.recorder import ACCOUNT, IMAGE, REGION

CONCURRENCY: Mapping[str, Mapping[str, Any]] = {
    "the account's": {},
    "reserved": {"reservedConcurrency": 5},
    "stopped": {"reservedConcurrency": 0},
    "provisioned": {"provisionedConcurrency": 2},
    "provisioned within reserved": {"provisionedConcurrency": 2, "reservedConcurrency": 5},
    "provisioned by use": {"provisionedConcurrency": 1, "provisionedConcurrencyMaximum": 4},
    "provisioned by the hour": {
        "provisionedConcurrency": 1,
        "provisionedConcurrencySchedule": {"day": {"schedule": "cron(0 8 * * ? *)", "minimum": 2, "maximum": 5}},
    },
    "snapshots": {"snapStart": True},
}
"""Every way to say how many environments there are, and how soon one is ready."""


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def one_of(*groups: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([dict(group) for group in groups])


def drawn(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Each of these settings, or not."""
    return st.fixed_dictionaries({}, optional=keys)


TOKENS = {"auth": "jwt", "jwtIssuer": "https://login.example.com", "jwtAudience": ["models"]}
FUNCTION_OF_OURS = {"auth": "lambda", "authorizerArn": arn("lambda", "function:admit")}
BALANCER = {
    "api": "alb",
    "auth": "none",
    "balancerVpcId": "vpc-0a",
    "balancerSubnetIds": ["subnet-0a", "subnet-0b"],
    "balancerCallers": ["10.0.0.0/8"],
}
DOMAIN = {"domainName": "models.example.com", "certificateArn": arn("acm", "certificate/0a")}
PROVISIONED = ("provisionedConcurrency", "provisionedConcurrencyMaximum")
NO_SCHEDULE: Mapping[str, Any] = {"provisionedConcurrencySchedule": {}}
"""What goes with a delivery in steps: nothing that is kept ready."""
ALARMS = {
    **{"monitoring": True, "modelMetrics": True},
    **{"errorAlarmPercent": 5, "latencyAlarmMs": 900, "coldStartAlarmPercent": 50},
}

NETWORKS = (
    {},
    {"vpcCidr": "10.1.0.0/22"},
    {"zones": [f"{REGION}a", f"{REGION}b", f"{REGION}c"]},
    {"vpcId": "vpc-0a", "subnetIds": ["subnet-0a", "subnet-0b"]},
    {"interfaceEndpoints": ["kms", "sqs"]},
)
THROUGHPUTS = (
    {},
    {"syncReservedConcurrency": False},
    {"efsThroughput": "bursting"},
    {"efsThroughput": "provisioned", "efsProvisionedMibps": 20},
)
STORAGES: tuple[Mapping[str, Any], ...] = (
    {},
    {"imageUri": IMAGE},
    *({"storage": storage} for storage in get_args(Storage)),
    {"storage": "image", "imageUri": IMAGE, "imageHoldsModels": True},
    *({"storage": storage, **network} for storage in MOUNTED_STORAGES for network in NETWORKS),
    *({"storage": "efs", **network, **throughput} for network in NETWORKS for throughput in THROUGHPUTS),
    *({"mode": "single", "modelSettings": {"iris": own}} for own in ({"memoryMib": 512}, {"storage": "image"})),
    {"mode": "single", "modelSettings": {"iris": {"storage": "efs", "timeoutSeconds": 5}}},
    *({"mode": "multi", "storage": storage, "seedModels": False} for storage in ("s3", "efs", "s3files")),
    *({"storage": storage, "modelBucket": "trained"} for storage in get_args(Storage)),
    {"storage": "efs", "modelBucket": "trained", "modelBucketKeyArn": arn("kms", "key/0b")},
)

GROUPS: tuple[st.SearchStrategy[dict[str, Any]], ...] = (
    drawn(mode=st.sampled_from(get_args(Mode))),
    one_of(*STORAGES),
    one_of(
        *CONCURRENCY.values(), {"provisionedConcurrencyUtilizationPercent": 50, **CONCURRENCY["provisioned by use"]}
    ),
    drawn(deleteModelsOnDestroy=st.booleans()),
    drawn(
        memoryMib=st.integers(128, 10240),
        timeoutSeconds=st.integers(1, 300),
        modelCacheMib=st.integers(0, 128),
        verifyModels=st.booleans(),
        allowModelCode=st.booleans(),
        page=st.booleans(),
        keptVersions=st.integers(1, 1000),
        apiRoutesQuota=st.integers(300, 100_000),
        throttlingBurst=st.integers(1, 5000),
        throttlingRate=st.integers(1, 10_000),
        openHealthChecks=st.booleans(),
        logRetentionDays=st.sampled_from(LOG_RETENTION_DAYS),
        architecture=st.sampled_from(get_args(Architecture)),
        imageEngines=st.sampled_from(["auto", "tensorflow"]),
    ),
    one_of({}, {"auth": "none"}, TOKENS, {**TOKENS, "jwtScopes": ["predict"]}, FUNCTION_OF_OURS)
    | one_of({**FUNCTION_OF_OURS, "authorizerCacheSeconds": 60}),
    one_of(
        {},
        {},
        {"corsOrigins": ["*"], "corsHeaders": ["x-tenant"]},
        {"corsOrigins": ["https://app.example.com"], "corsCredentials": True},
        {"api": "rest"},
        {"api": "rest", "corsOrigins": ["https://app.example.com", "http://localhost:3000"], "corsCredentials": True},
        {"api": "url"},
        {"api": "url", "corsOrigins": ["https://app.example.com"]},
        {"api": "rest", "webAclArn": arn("wafv2", "regional/webacl/front/0a")},
        {"api": "rest", "apiKeyRequired": True, "apiTracing": True},
    ),
    one_of({}, DOMAIN, {**DOMAIN, "hostedZoneId": "Z0123456789ABC"}, {**BALANCER, **DOMAIN}),
    one_of({}, ALARMS, {**ALARMS, "alarmsTopicArn": arn("sns", "alarms")})
    | st.sampled_from(get_args(Delivery)).map(
        lambda delivery: {**ALARMS, "delivery": delivery, **dict.fromkeys(PROVISIONED, 0), **NO_SCHEDULE}
    ),
    one_of({}, {}, {}, {"ephemeralStorageMib": 1024}, {"tensorBuckets": ["acme-tensors/requests", "acme-results"]}),
    one_of({}, {}, {"asynchronous": True}, {"asynchronous": True, "asynchronousConcurrency": 3}),
    one_of({}, {"kmsKeyArn": arn("kms", "key/0a")}),
    one_of({}, {"permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary"}),
    one_of({}, {"tags": {"team": "vision", "cost-centre": "42"}}),
    one_of({}, {"models": ["iris"]}, {"models": ["iris", "digits"]}),
)

configurations = st.tuples(*GROUPS).map(lambda groups: {key: value for group in groups for key, value in group.items()})
"""A value for some of the settings; later groups win."""

FIXED = frozenset({"modelRepository"})
"""Settings that the tests give themselves."""
