"""APIS: how each kind of API is made from a stack's settings."""

from collections.abc import Callable, Mapping

import pulumi

from components.api.api import Api
from components.api.api_access import Access, JwtAccess, LambdaAccess
from components.api.api_args import ApiArgs, ApiFunctions
from components.api.api_domain import Domain
from components.api.api_limits import REST_LONGEST_TIMEOUT_SECONDS, REST_TIMEOUT_SECONDS
from components.api.cors import Cors
from components.api.http_api import HttpApi, HttpApiArgs
from components.api.rest_api import RestApi, RestApiArgs
from components.settings.api_settings import ApiKind
from components.settings.settings import Settings


def _http(name: str, settings: Settings, functions: ApiFunctions, opts: pulumi.ResourceOptions) -> Api:
    cors = Cors(origins=settings.cors_origins, credentials=settings.cors_credentials) if settings.cors_origins else None
    return HttpApi(name, HttpApiArgs(shared=_shared(settings, functions), cors=cors), opts)


def _rest(name: str, settings: Settings, functions: ApiFunctions, opts: pulumi.ResourceOptions) -> Api:
    longest = max(each.timeout_seconds for each in settings.functions())
    arguments = RestApiArgs(
        shared=_shared(settings, functions),
        timeout_seconds=min(max(longest, REST_TIMEOUT_SECONDS), REST_LONGEST_TIMEOUT_SECONDS),
        web_acl_arn=settings.web_acl_arn,
        api_key_required=settings.api_key_required,
        tracing=settings.api_tracing,
    )
    return RestApi(name, arguments, opts)


APIS: Mapping[ApiKind, Callable[[str, Settings, ApiFunctions, pulumi.ResourceOptions], Api]] = {
    "http": _http,
    "rest": _rest,
}


def _shared(settings: Settings, functions: ApiFunctions) -> ApiArgs:
    return ApiArgs(
        functions=functions,
        auth=_access(settings),
        throttling_burst=settings.throttling_burst,
        throttling_rate=settings.throttling_rate,
        domain=_domain(settings),
        log_retention_days=settings.log_retention_days,
        kms_key_arn=settings.kms_key_arn,
    )


def _access(settings: Settings) -> Access:
    if settings.auth == "jwt":
        return JwtAccess(issuer=settings.jwt_issuer or "", audience=settings.jwt_audience, scopes=settings.jwt_scopes)
    if settings.auth == "lambda":
        return LambdaAccess(function_arn=settings.authorizer_arn or "", cache_seconds=settings.authorizer_cache_seconds)
    return settings.auth


def _domain(settings: Settings) -> Domain | None:
    if not settings.domain_name:
        return None
    return Domain(
        name=settings.domain_name,
        certificate_arn=settings.certificate_arn or "",
        hosted_zone_id=settings.hosted_zone_id,
    )
