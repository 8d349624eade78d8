# ruff: noqa: RUF009 -- `setting` is dataclasses.field with a description
"""ApiSettings: the kind of API in front of the functions, who may call it, and its domain name. Imports no Pulumi."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from components.settings.declaration import setting
from components.settings.setting_types import arn, choice, flag, integer, optional, text, texts

ApiKind = Literal["http", "rest"]
Auth = Literal["iam", "none", "jwt", "lambda"]


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """The part of a stack's configuration that concerns its API."""

    api: ApiKind = setting(
        choice(get_args(ApiKind)),
        "http",
        "The kind of API. http: cheaper and faster; waits 30 seconds. rest: takes a web ACL, API keys and X-Ray; waits "
        "29 seconds, or up to 300 if AWS raised the account's quota; its own errors have the form of the functions'.",
    )
    auth: Auth = setting(
        choice(get_args(Auth)),
        "iam",
        "Who may call the API. iam: AWS identities that sign their requests. jwt: holders of a token from jwtIssuer. "
        "lambda: callers that the function authorizerArn admits. none: everyone on the internet.",
    )
    jwt_issuer: str | None = setting(
        optional(
            text(re.compile(r"https://[^\s?#]+"), "an https URL such as https://login.example.com"),
            absent="",
        ),
        "",
        "The OpenID Connect issuer of the tokens, for auth jwt.",
    )
    jwt_audience: tuple[str, ...] = setting(
        texts(re.compile(r"\S+"), "audiences, such as ['models']"),
        [],
        "A token must be for one of these audiences, for auth jwt.",
    )
    jwt_scopes: tuple[str, ...] = setting(
        texts(re.compile(r"\S+"), "scopes, such as ['predict']"),
        [],
        "A token must have one of these scopes, for auth jwt. Empty asks for no scope.",
    )
    authorizer_arn: str | None = setting(
        optional(arn("lambda", r"function:[\w-]+(:[\w$-]+)?", "a function, version or alias"), absent=""),
        "",
        "A function of your own that decides who may call, for auth lambda. An http API sends it payload 2.0 and "
        "expects isAuthorized. A rest API sends it a REQUEST event and expects an IAM policy.",
    )
    authorizer_cache_seconds: int = setting(
        integer(0, 3600, "seconds"),
        0,
        "How long API Gateway reuses that function's decision on a token, for every path. 0 asks for each request.",
    )
    cors_origins: tuple[str, ...] = setting(
        texts(re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d+)?"), "origins, such as ['https://app.example.com']"),
        [],
        "Origins whose web pages may call the API from a browser. ['*'] for every page, empty for none. http only.",
    )
    cors_credentials: bool = setting(
        flag(), False, "Whether those pages may send cookies and the browser's own credentials."
    )
    domain_name: str | None = setting(
        optional(
            text(
                re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*"),
                "a host name such as models.example.com",
            ),
            absent="",
        ),
        "",
        "A domain name of your own for the API, with TLS 1.2 or newer. It replaces the execute-api host name.",
    )
    certificate_arn: str | None = setting(
        optional(arn("acm", r"certificate/[\w-]+", "an ACM certificate"), absent=""),
        "",
        "The certificate for domainName, from AWS Certificate Manager in the stack's region.",
    )
    hosted_zone_id: str | None = setting(
        optional(
            text(re.compile(r"Z[A-Z0-9]+"), "the id of a Route 53 hosted zone, such as Z0123456789ABC"), absent=""
        ),
        "",
        "The Route 53 zone that gets the DNS record for domainName. Empty makes no record.",
    )
    throttling_burst: int = setting(
        integer(1, 5000, "requests"),
        200,
        "How many requests at once API Gateway passes on before it answers 429. AWS treats it as a target, not as a "
        "ceiling. http: for each route. rest: for each method of a path.",
    )
    throttling_rate: int = setting(
        integer(1, 10_000, "requests per second"),
        100,
        "How many requests per second API Gateway passes on before it answers 429. AWS treats it as a target, not as a "
        "ceiling. http: for each route. rest: for each method of a path.",
    )
    web_acl_arn: str | None = setting(
        optional(arn("wafv2", r"regional/webacl/[\w-]+/[\w-]+", "a regional web ACL"), absent=""),
        "",
        "A web ACL of AWS WAF that checks every request. rest only.",
    )
    api_key_required: bool = setting(
        flag(),
        False,
        "Whether callers must also send x-api-key. The stack makes a key; `aws apigateway get-api-keys "
        "--include-values` shows it. rest only.",
    )
    api_tracing: bool = setting(flag(), False, "Whether X-Ray traces requests from the API on. rest only.")
