"""Rules about the API in front of the functions."""

from collections.abc import Iterator, Mapping
from typing import get_args

from components.api.api_limits import LONGEST_TIMEOUT_SECONDS, REST_TIMEOUT_SECONDS
from components.api.api_routes import http_routes, rest_resources
from components.configuration.problem import Problem
from components.configuration.rules.rule import (
    FEWER_MODELS,
    Rule,
    for_each_function,
    in_another_region,
    without_effect,
)
from components.settings.api_settings import Auth, GatewayKind
from components.settings.declaration import key_of
from components.settings.settings import Settings

NEEDED: Mapping[Auth, tuple[str, ...]] = {"jwt": ("jwt_issuer", "jwt_audience"), "lambda": ("authorizer_arn",)}
"""Settings that a kind of authorisation needs."""

OWNED: Mapping[Auth, tuple[str, ...]] = {
    "jwt": (*NEEDED["jwt"], "jwt_scopes"),
    "lambda": (*NEEDED["lambda"], "authorizer_cache_seconds"),
}
"""Settings that only one kind of authorisation uses."""


def rest_api_verifies_no_token(settings: Settings) -> Iterator[Problem]:
    """A REST API has no JWT authorizer."""
    if settings.api == "rest" and settings.auth == "jwt":
        yield Problem(
            keys=("auth", "api"),
            message="a rest API cannot verify a JWT; set api to http, or auth to lambda with a function that verifies "
            "it",
        )


def authorisation_is_complete(settings: Settings) -> Iterator[Problem]:
    """Each kind of authorisation has the settings that it needs, and none that only another kind uses."""
    for field in NEEDED.get(settings.auth, ()):
        if not getattr(settings, field):
            key = key_of(field)
            yield Problem(keys=(key, "auth"), message=f"auth {settings.auth} needs {key}; set it, or set auth to iam")
    for auth, fields in OWNED.items():
        if auth != settings.auth:
            reason = f"auth {settings.auth} does not use it; set auth to {auth}"
            yield from without_effect(settings, fields, "auth", reason)


def cors_is_what_browsers_accept(settings: Settings) -> Iterator[Problem]:
    """Browsers send credentials only where the API names the page's origin."""
    origins = settings.cors_origins
    if settings.cors_headers and not origins:
        yield Problem(
            keys=("corsHeaders", "corsOrigins"),
            message="corsOrigins is empty, so no page may send headers; name pages in corsOrigins, or leave "
            "corsHeaders out",
        )
    if settings.cors_credentials and "*" in settings.cors_headers:
        yield Problem(
            keys=("corsHeaders", "corsCredentials"),
            message="browsers take '*' literally where a page sends credentials; name the headers, or set "
            "corsCredentials to false",
        )
    if settings.cors_credentials and not origins:
        yield Problem(
            keys=("corsCredentials", "corsOrigins"),
            message="corsOrigins is empty, so no page may send credentials; name pages in corsOrigins, or set "
            "corsCredentials to false",
        )
    if settings.cors_credentials and "*" in origins:
        yield Problem(
            keys=("corsCredentials", "corsOrigins"),
            message="browsers refuse credentials where every page is allowed; name the pages in corsOrigins instead of "
            "'*', or set corsCredentials to false",
        )
    if "*" in origins and len(origins) > 1:
        yield Problem(
            keys=("corsOrigins",), message="'*' already allows every page; list only '*', or only the other origins"
        )


def domain_is_complete(settings: Settings) -> Iterator[Problem]:
    """A domain name needs a certificate; a certificate and a zone need a domain name."""
    if settings.domain_name and not settings.certificate_arn:
        yield Problem(
            keys=("domainName", "certificateArn"),
            message=f"{settings.domain_name} has no certificate; set certificateArn to a certificate for it, from AWS "
            "Certificate Manager in the stack's region",
        )
    if not settings.domain_name:
        reason = "it needs domainName, which is not set; set domainName"
        yield from without_effect(settings, ["certificate_arn", "hosted_zone_id"], "domainName", reason)


def certificate_and_web_acl_are_in_the_region(settings: Settings) -> Iterator[Problem]:
    """A regional API takes only certificates and web ACLs of its own region."""
    yield from in_another_region(settings, ["certificate_arn", "web_acl_arn"])


def function_answers_in_time_for_the_api(settings: Settings) -> Iterator[Problem]:
    """An API that has waited long enough answers with an error, even if the function still runs."""
    longest, seconds = LONGEST_TIMEOUT_SECONDS.get(settings.api), settings.timeout_seconds
    if longest is None:
        return
    if seconds >= longest:
        more = f", or api to rest, which can wait up to {LONGEST_TIMEOUT_SECONDS['rest']}"
        yield Problem(
            keys=("timeoutSeconds",),
            message=f"the {settings.api} API stops waiting after {longest} seconds, but a function may run, and be "
            f"billed, for {seconds}; only direct invocations get such a late answer; set {longest - 1} or less"
            f"{more if settings.api == 'http' else ''}, or api to url, which waits as long as the function runs",
        )
    elif settings.api == "rest" and seconds > REST_TIMEOUT_SECONDS:
        yield Problem(
            keys=("timeoutSeconds", "api"),
            message=f"a rest API waits {REST_TIMEOUT_SECONDS} seconds unless AWS raised the quota; for {seconds}, "
            f"first have 'Maximum integration timeout in milliseconds' raised in Service Quotas, or set "
            f"{REST_TIMEOUT_SECONDS}",
        )


def rest_api_needs_a_role_for_its_logs(settings: Settings) -> Iterator[Problem]:
    """API Gateway writes the logs of all REST APIs with one role, which is set for the account and region."""
    if settings.api == "rest":
        yield Problem(
            keys=("api",),
            message="a rest API writes its access log with a role that is set once for the account and region; if `aws "
            "apigateway get-account` shows no cloudwatchRoleArn, AWS refuses the stage; "
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html says how to set it",
        )


def everyone_may_call(settings: Settings) -> Iterator[Problem]:
    """A preview should show that the API is open to everyone. A load balancer names the addresses that may call."""
    if settings.api == "alb":
        return
    if settings.auth == "none" and settings.api_key_required:
        yield Problem(
            keys=("auth", "apiKeyRequired"),
            message="an API key tells callers apart, for their limits; it does not prove who they are; set auth to iam "
            "or lambda for that",
        )
    elif settings.auth == "none":
        yield Problem(
            keys=("auth",),
            message="none lets everyone on the internet call the API, at your cost; set iam to admit only AWS "
            "identities of your choice",
        )


def open_health_checks_are_used(settings: Settings) -> Iterator[Problem]:
    """Where everyone may call, everyone may ask for the health too."""
    if settings.auth == "none":
        reason = "auth none lets everyone ask for everything; set auth to iam"
        yield from without_effect(settings, ["open_health_checks"], "auth", reason)


def a_cached_decision_is_for_every_path(settings: Settings) -> Iterator[Problem]:
    """API Gateway keeps a decision for each token, not for each path."""
    if settings.auth == "lambda" and settings.authorizer_cache_seconds:
        yield Problem(
            keys=("authorizerCacheSeconds",),
            message=f"a decision holds for {settings.authorizer_cache_seconds} seconds on every path; set 0 if the "
            "authorizer admits a caller only to some models, or must be able to lock a caller out at once",
        )


def routes_fit_in_the_api(settings: Settings) -> Iterator[Problem]:
    """Each model with a function of its own adds routes to the API."""
    if settings.mode != "single" or settings.api not in get_args(GatewayKind):
        return
    models = {model.name: model.verbs for model in settings.packaged}
    paths = {"one_model": len(models) == 1, "page": settings.page, "health": settings.open_health_checks}
    things, count = "routes", http_routes(models, cors=bool(settings.cors_origins), **paths)
    if settings.api == "rest":
        things, count = "resources", rest_resources(models, **paths)
    quota = settings.api_routes_quota
    if count > quota:
        yield Problem(
            keys=("models", "mode", "apiRoutesQuota"),
            message=f"{len(models)} models need {count} {things}, but an API may have {quota}; set mode to multi, "
            f"{FEWER_MODELS}, or have the account's quota raised in Service Quotas and set apiRoutesQuota to it",
        )


def quota_of_routes_is_used(settings: Settings) -> Iterator[Problem]:
    """Only functions of single models have routes that count."""
    if settings.mode == "multi":
        reason = "one function for all models needs a few routes; set mode to single"
        yield from without_effect(settings, ["api_routes_quota"], "mode", reason)


def ping_is_reserved(settings: Settings) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html"""
    if settings.api == "rest" and settings.domain_name and len(settings.packaged) == 1:
        yield Problem(
            keys=("api", "domainName"),
            message="API Gateway keeps the path /ping of a REST API with a domain name for itself, so that SageMaker's "
            "health check does not reach the model; ask /v2/health/ready, or set api to http",
        )


REFUSED: tuple[Rule, ...] = (
    rest_api_verifies_no_token,
    authorisation_is_complete,
    cors_is_what_browsers_accept,
    domain_is_complete,
    certificate_and_web_acl_are_in_the_region,
    routes_fit_in_the_api,
)

ADVISED: tuple[Rule, ...] = (
    for_each_function(function_answers_in_time_for_the_api),
    rest_api_needs_a_role_for_its_logs,
    everyone_may_call,
    open_health_checks_are_used,
    a_cached_decision_is_for_every_path,
    quota_of_routes_is_used,
    ping_is_reserved,
)
