"""Rules about the API in front of the functions."""

from collections.abc import Iterator, Mapping

from components.api.api_limits import LONGEST_TIMEOUT_SECONDS, PATHS_PER_API, REST_TIMEOUT_SECONDS
from components.api.api_routes import http_routes, rest_resources
from components.configuration.problem import Problem
from components.configuration.rules.rule import Rule, for_each_function
from components.settings.declaration import key_of
from components.settings.settings import Settings

REST_ONLY: Mapping[str, str] = {
    "web_acl_arn": "a web ACL",
    "api_key_required": "API keys",
    "api_tracing": "X-Ray",
}
"""Settings that an HTTP API has no use for, and what they are about."""


def http_api_lacks_what_rest_has(settings: Settings) -> Iterator[Problem]:
    """An HTTP API takes no web ACL, no API key and no tracing."""
    if settings.api == "http":
        for field, thing in REST_ONLY.items():
            if getattr(settings, field):
                key = key_of(field)
                yield Problem(
                    keys=(key, "api"),
                    message=f"an http API takes no {thing.removeprefix('a ')}; set api to rest, or leave {key} out",
                )


def rest_api_lacks_what_http_has(settings: Settings) -> Iterator[Problem]:
    """A REST API verifies no JWT, and adds no CORS headers to what a function answers."""
    if settings.api != "rest":
        return
    if settings.auth == "jwt":
        yield Problem(
            keys=("auth", "api"),
            message="a rest API verifies no JWT; set api to http, or auth to lambda with a function that verifies it",
        )
    if settings.cors_origins:
        yield Problem(
            keys=("corsOrigins", "api"),
            message="a rest API adds no CORS headers to what functions answer; set api to http, or leave corsOrigins "
            "out and serve the pages and the API from one host name",
        )


def authorisation_is_complete(settings: Settings) -> Iterator[Problem]:
    """Each kind of authorisation has what it needs, and nothing that another kind needs."""
    needs = {"jwt": ("jwt_issuer", "jwt_audience"), "lambda": ("authorizer_arn",)}
    belongs = {"jwt": (*needs["jwt"], "jwt_scopes"), "lambda": (*needs["lambda"], "authorizer_cache_seconds")}
    for field in needs.get(settings.auth, ()):
        if not getattr(settings, field):
            key = key_of(field)
            yield Problem(keys=(key, "auth"), message=f"auth {settings.auth} needs {key}; set it, or set auth to iam")
    for auth, owned in belongs.items():
        for field in owned:
            if auth != settings.auth and getattr(settings, field):
                key = key_of(field)
                yield Problem(
                    keys=(key, "auth"),
                    message=f"auth is {settings.auth}, which has no use for it; set auth to {auth}, or leave {key} out",
                )


def cors_is_what_browsers_accept(settings: Settings) -> Iterator[Problem]:
    """Credentials are for pages that are named."""
    origins = settings.cors_origins
    if settings.cors_credentials and not origins:
        yield Problem(
            keys=("corsCredentials", "corsOrigins"),
            message="credentials are allowed to no page; name pages in corsOrigins, or set corsCredentials to false",
        )
    if settings.cors_credentials and "*" in origins:
        yield Problem(
            keys=("corsCredentials", "corsOrigins"),
            message="browsers refuse credentials where every page is allowed; name the pages in corsOrigins instead of "
            "'*', or set corsCredentials to false",
        )
    if "*" in origins and len(origins) > 1:
        yield Problem(
            keys=("corsOrigins",), message="'*' allows every page already; list '*' alone, or the other origins alone"
        )


def domain_is_complete(settings: Settings) -> Iterator[Problem]:
    """A host name comes with its certificate, and both are where the API is."""
    if settings.domain_name and not settings.certificate_arn:
        yield Problem(
            keys=("domainName", "certificateArn"),
            message=f"{settings.domain_name} has no certificate; set certificateArn to one that AWS Certificate "
            "Manager has for it in the stack's region",
        )
    for field in ("certificate_arn", "hosted_zone_id"):
        if getattr(settings, field) and not settings.domain_name:
            key = key_of(field)
            yield Problem(
                keys=(key, "domainName"), message=f"it is for domainName, which is not set; set it, or leave {key} out"
            )


def what_guards_the_api_is_in_its_region(settings: Settings) -> Iterator[Problem]:
    """A regional API takes certificates and web ACLs of its own region alone."""
    for field in ("certificate_arn", "web_acl_arn"):
        region = (getattr(settings, field) or ":::").split(":")[3]
        if region and settings.region and region != settings.region:
            yield Problem(
                keys=(key_of(field),),
                message=f"it is in {region}, and the API in {settings.region}; name one in {settings.region}",
            )


def function_answers_before_the_api_gives_up(settings: Settings) -> Iterator[Problem]:
    """The API answers for itself once it has waited long enough, whatever the function does."""
    longest, seconds = LONGEST_TIMEOUT_SECONDS[settings.api], settings.timeout_seconds
    if seconds >= longest:
        way_out = "" if settings.api == "rest" else "; a rest API can be made to wait up to 300"
        yield Problem(
            keys=("timeoutSeconds",),
            message=f"the {settings.api} API gives up after {longest} seconds, and a function may go on and be billed "
            f"for {seconds}; only direct invocations get such an answer. Up to {longest - 1} avoids it{way_out}",
        )
    elif settings.api == "rest" and seconds > REST_TIMEOUT_SECONDS:
        yield Problem(
            keys=("timeoutSeconds", "api"),
            message=f"AWS lets a rest API wait {REST_TIMEOUT_SECONDS} seconds; for {seconds}, first have the quota "
            f"'Maximum integration timeout in milliseconds' raised in Service Quotas, or set {REST_TIMEOUT_SECONDS}",
        )


def rest_api_needs_a_role_for_its_logs(settings: Settings) -> Iterator[Problem]:
    """API Gateway writes the logs of REST APIs by one role for the account and region."""
    if settings.api == "rest":
        yield Problem(
            keys=("api",),
            message="a rest API writes its access log by a role that is set once for the account and region; if `aws "
            "apigateway get-account` shows no cloudwatchRoleArn, AWS refuses the stage; "
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html says how to set it",
        )


def everyone_may_call(settings: Settings) -> Iterator[Problem]:
    """An open API is a decision that a preview should show."""
    if settings.auth == "none" and settings.api_key_required:
        yield Problem(
            keys=("auth", "apiKeyRequired"),
            message="an API key tells callers apart for limits, and is no proof of who they are; iam or lambda is",
        )
    elif settings.auth == "none":
        yield Problem(
            keys=("auth",), message="none lets everyone on the internet call the API, at your cost; iam does not"
        )


def a_cached_decision_is_for_every_path(settings: Settings) -> Iterator[Problem]:
    """API Gateway keeps a decision by token, not by path."""
    if settings.auth == "lambda" and settings.authorizer_cache_seconds:
        yield Problem(
            keys=("authorizerCacheSeconds",),
            message=f"a decision holds for {settings.authorizer_cache_seconds} seconds on every path; 0 is right if "
            "the authorizer admits callers to some models and not to others, or must shut one out at once",
        )


def paths_fit_in_the_api(settings: Settings) -> Iterator[Problem]:
    """Each model with a function of its own takes paths of the API."""
    if settings.mode != "single":
        return
    models = [model.name for model in settings.packaged]
    things, count = "routes", http_routes(models, cors=bool(settings.cors_origins))
    if settings.api == "rest":
        things, count = "resources", rest_resources(models)
    if count > PATHS_PER_API:
        yield Problem(
            keys=("models", "mode"),
            message=f"{len(models)} models take {count} {things}, and an API has {PATHS_PER_API} "
            f"unless AWS Support raised that; list fewer in models, or set mode to multi",
        )


REFUSED: tuple[Rule, ...] = (
    http_api_lacks_what_rest_has,
    rest_api_lacks_what_http_has,
    authorisation_is_complete,
    cors_is_what_browsers_accept,
    domain_is_complete,
    what_guards_the_api_is_in_its_region,
)

ADVISED: tuple[Rule, ...] = (
    for_each_function(function_answers_before_the_api_gives_up),
    rest_api_needs_a_role_for_its_logs,
    everyone_may_call,
    a_cached_decision_is_for_every_path,
    paths_fit_in_the_api,
)
