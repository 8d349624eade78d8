# ruff: noqa: RUF009 -- `setting` is dataclasses.field with a description
"""ApiSettings: which kind of API is in front of the functions, who may call it, and under which name."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from components.settings.setting_types import choice, flag, integer, setting, text, texts

ApiKind = Literal["http", "rest"]
Auth = Literal["iam", "none", "jwt", "lambda"]

_PARTITION_TO_ACCOUNT = r"arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:"


def arn(service: str, resource: str) -> re.Pattern[str]:
    """ARNs of a service's resources, whose part after the account matches `resource`."""
    return re.compile(_PARTITION_TO_ACCOUNT.format(service=service) + resource)


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """The part of a stack's configuration that concerns its API."""

    api: ApiKind = setting(
        choice(get_args(ApiKind)),
        "http",
        "The kind of API. http: cheaper and faster, waits 30 seconds. rest: takes a web ACL, API keys and X-Ray, waits "
        "29 seconds or, with the account's quota raised, up to 300, and answers its own errors as the functions do.",
    )
    auth: Auth = setting(
        choice(get_args(Auth)),
        "iam",
        "Who may call the API. iam: AWS identities that sign their requests. jwt: holders of a token from jwtIssuer. "
        "lambda: whom the function authorizerArn admits. none: everyone on the internet.",
    )
    jwt_issuer: str | None = setting(
        text(re.compile(r"https://[^\s?#]+"), "an https URL such as https://login.example.com", absent=""),
        "",
        "The OpenID Connect issuer whose tokens are accepted, with auth jwt.",
    )
    jwt_audience: tuple[str, ...] = setting(
        texts(re.compile(r"\S+"), "audiences, such as ['models']"),
        [],
        "A token must be for one of these audiences, with auth jwt.",
    )
    jwt_scopes: tuple[str, ...] = setting(
        texts(re.compile(r"\S+"), "scopes, such as ['predict']"),
        [],
        "A token must have one of these scopes, with auth jwt; empty asks for none.",
    )
    authorizer_arn: str | None = setting(
        text(arn("lambda", r"function:[\w-]+(:[\w$-]+)?"), "the ARN of a function, version or alias", absent=""),
        "",
        "A function of your own that decides who may call, with auth lambda. An http API sends it payload 2.0 and "
        "expects isAuthorized; a rest API sends it a REQUEST event and expects an IAM policy.",
    )
    authorizer_cache_seconds: int = setting(
        integer(0, 3600, "seconds"),
        0,
        "How long that function's decision on a token holds, on every path of the API; 0 asks for each request.",
    )
    cors_origins: tuple[str, ...] = setting(
        texts(re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d+)?"), "origins, such as ['https://app.example.com']"),
        [],
        "Web pages that may call the API from a browser, by origin; ['*'] for every page, empty for none. http only.",
    )
    cors_credentials: bool = setting(
        flag(), False, "Whether those pages may send cookies and the browser's own credentials."
    )
    domain_name: str | None = setting(
        text(
            re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*"),
            "a host name such as models.example.com",
            absent="",
        ),
        "",
        "A host name of your own for the API, with TLS 1.2 at least; the execute-api host name is then switched off.",
    )
    certificate_arn: str | None = setting(
        text(arn("acm", r"certificate/[\w-]+"), "the ARN of an ACM certificate", absent=""),
        "",
        "The certificate for domainName, from AWS Certificate Manager in the stack's own region.",
    )
    hosted_zone_id: str | None = setting(
        text(re.compile(r"Z[A-Z0-9]+"), "the id of a Route 53 hosted zone, such as Z0123456789ABC", absent=""),
        "",
        "The Route 53 zone that gets the record for domainName; empty leaves DNS to you.",
    )
    throttling_burst: int = setting(
        integer(1, 5000, "requests"),
        200,
        "Requests at once beyond which API Gateway answers 429; a target that it keeps as well as it can, not a "
        "ceiling. With http it is for each route, with rest for each method of a path.",
    )
    throttling_rate: int = setting(
        integer(1, 10_000, "requests per second"),
        100,
        "Requests per second beyond which API Gateway answers 429; a target that it keeps as well as it can, not a "
        "ceiling. With http it is for each route, with rest for each method of a path.",
    )
    web_acl_arn: str | None = setting(
        text(arn("wafv2", r"regional/webacl/[\w-]+/[\w-]+"), "the ARN of a regional web ACL", absent=""),
        "",
        "A web ACL of AWS WAF that every request passes. rest only.",
    )
    api_key_required: bool = setting(
        flag(),
        False,
        "Whether callers must also send x-api-key. A key is made; `aws apigateway get-api-keys --include-values` shows "
        "it. rest only.",
    )
    api_tracing: bool = setting(flag(), False, "Whether X-Ray traces requests from the API on. rest only.")
