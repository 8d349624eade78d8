# ruff: noqa: RUF009 -- `setting` is a dataclasses.field
"""ApiSettings: the kind of API in front of the functions, who may call it, and its domain name. Imports no Pulumi."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from components.settings.declaration import optional_setting, setting
from components.settings.setting_types import arn, choice, flag, integer, text, texts

ApiKind = Literal["http", "rest", "url", "alb"]
"""An HTTP API or a REST API of API Gateway, the function's own URL, or a load balancer."""
GatewayKind = Literal["http", "rest"]
Auth = Literal["iam", "none", "jwt", "lambda"]

ROUTES_QUOTA = 300
"""Routes of an HTTP API, and resources of a REST API, unless AWS raised the account's quota.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """The part of a stack's configuration that concerns its API."""

    api: ApiKind = setting(choice(get_args(ApiKind)), "http")
    auth: Auth = setting(choice(get_args(Auth)), "iam")
    open_health_checks: bool = setting(flag(), False)
    jwt_issuer: str | None = optional_setting(
        text(re.compile(r"https://[^\s?#]+"), "an https URL such as https://login.example.com"), absent=""
    )
    jwt_audience: tuple[str, ...] = setting(texts(re.compile(r"\S+"), "audiences, such as ['models']"), [])
    jwt_scopes: tuple[str, ...] = setting(texts(re.compile(r"\S+"), "scopes, such as ['predict']"), [])
    authorizer_arn: str | None = optional_setting(
        arn("lambda", r"function:[\w-]+(:[\w$-]+)?", "a function, version or alias"), absent=""
    )
    authorizer_cache_seconds: int = setting(integer(0, 3600, "seconds"), 0)
    cors_origins: tuple[str, ...] = setting(
        texts(re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d+)?"), "origins, such as ['https://app.example.com']"), []
    )
    cors_headers: tuple[str, ...] = setting(
        texts(re.compile(r"[a-z0-9!#$%&*+.^_`|~-]+"), "names of headers in small letters, such as ['x-tenant']"), []
    )
    cors_credentials: bool = setting(flag(), False)
    domain_name: str | None = optional_setting(
        text(
            re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*"),
            "a host name such as models.example.com",
        ),
        absent="",
    )
    certificate_arn: str | None = optional_setting(arn("acm", r"certificate/[\w-]+", "an ACM certificate"), absent="")
    hosted_zone_id: str | None = optional_setting(
        text(re.compile(r"Z[A-Z0-9]+"), "the id of a Route 53 hosted zone, such as Z0123456789ABC"), absent=""
    )
    page: bool = setting(flag(), True)
    asynchronous: bool = setting(flag(), False)
    asynchronous_concurrency: int = setting(integer(2, 1000, "messages at once"), 5)
    throttling_burst: int = setting(integer(1, 5000, "requests"), 200)
    throttling_rate: int = setting(integer(1, 10_000, "requests per second"), 100)
    api_routes_quota: int = setting(integer(ROUTES_QUOTA, 100_000, "routes"), ROUTES_QUOTA)
    balancer_vpc_id: str | None = optional_setting(
        text(re.compile(r"vpc-[0-9a-f]+"), "the id of a VPC, such as vpc-0a1b2c3d"), absent=""
    )
    balancer_subnet_ids: tuple[str, ...] = setting(
        texts(re.compile(r"subnet-[0-9a-f]+"), "ids of subnets, such as ['subnet-0a1b2c3d']"), []
    )
    balancer_callers: tuple[str, ...] = setting(
        texts(
            re.compile(r"(\d{1,3}\.){3}\d{1,3}/([1-9]|[12]\d|3[0-2])"),
            "ranges of IPv4 addresses narrower than the internet, such as ['10.0.0.0/8']",
        ),
        [],
    )
    web_acl_arn: str | None = optional_setting(
        arn("wafv2", r"regional/webacl/[\w-]+/[\w-]+", "a regional web ACL"), absent=""
    )
    api_key_required: bool = setting(flag(), False)
    api_tracing: bool = setting(flag(), False)
