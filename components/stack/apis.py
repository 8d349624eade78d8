"""The API of a stack: `APIS` has a row for each kind; a domain name leads to either kind of API Gateway's."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pulumi

from components.api.api import Api, GatewayApi
from components.api.api_access import Access, JwtAccess, LambdaAccess
from components.api.api_args import ApiArgs, ApiFunctions
from components.api.api_domain import ApiDomain, ApiDomainArgs, Domain
from components.api.api_limits import REST_LONGEST_TIMEOUT_SECONDS, REST_TIMEOUT_SECONDS
from components.api.cors import Cors
from components.api.function_url import FunctionUrl, FunctionUrlArgs
from components.api.http_api import HttpApi, HttpApiArgs
from components.api.load_balancer import LoadBalancer, LoadBalancerArgs
from components.api.rest_api import RestApi, RestApiArgs
from components.api.rest_api_document import API_KEY_HEADER
from components.settings.api_settings import ApiKind
from components.settings.settings import Settings


def _http(name: str, settings: Settings, functions: ApiFunctions, opts: pulumi.ResourceOptions) -> Api:
    return HttpApi(name, HttpApiArgs(shared=_shared(settings, functions), cors=_cors(settings)), opts)


def _rest(name: str, settings: Settings, functions: ApiFunctions, opts: pulumi.ResourceOptions) -> Api:
    longest = max(each.timeout_seconds for each in settings.functions())
    arguments = RestApiArgs(
        shared=_shared(settings, functions),
        timeout_seconds=min(max(longest, REST_TIMEOUT_SECONDS), REST_LONGEST_TIMEOUT_SECONDS),
        web_acl_arn=settings.web_acl_arn,
        api_key_required=settings.api_key_required,
        tracing=settings.api_tracing,
        cors=_cors(settings),
    )
    return RestApi(name, arguments, opts)


def _url(name: str, settings: Settings, functions: ApiFunctions, opts: pulumi.ResourceOptions) -> Api:
    auth = "none" if settings.auth == "none" else "iam"
    return FunctionUrl(name, FunctionUrlArgs(function=functions.server, auth=auth, cors=_cors(settings)), opts)


def _alb(name: str, settings: Settings, functions: ApiFunctions, opts: pulumi.ResourceOptions) -> Api:
    arguments = LoadBalancerArgs(
        functions=functions,
        vpc_id=settings.balancer_vpc_id or "",
        subnet_ids=settings.balancer_subnet_ids,
        callers=settings.balancer_callers,
        domain=_domain(settings),
        timeout_seconds=max(each.timeout_seconds for each in settings.functions()),
        web_acl_arn=settings.web_acl_arn,
    )
    return LoadBalancer(name, arguments, opts)


APIS: Mapping[ApiKind, Callable[[str, Settings, ApiFunctions, pulumi.ResourceOptions], Api]] = {
    "http": _http,
    "rest": _rest,
    "url": _url,
    "alb": _alb,
}


class StackApi(NamedTuple):
    """The API of a stack."""

    url: pulumi.Output[str]
    """Where to send requests."""
    api: Api
    parts: Sequence[pulumi.Resource]


def stack_api(name: str, settings: Settings, functions: ApiFunctions, opts: pulumi.ResourceOptions) -> StackApi:
    """Make the API, and its domain name if there is one."""
    api = APIS[settings.api](name, settings, functions, opts)
    domain = _api_domain(f"{name}-domain", settings, api, opts)
    return StackApi(domain.url, api, [api, domain]) if domain else StackApi(api.url, api, [api])


def _shared(settings: Settings, functions: ApiFunctions) -> ApiArgs:
    return ApiArgs(
        functions=functions,
        auth=_access(settings),
        open_health_checks=settings.open_health_checks,
        throttling_burst=settings.throttling_burst,
        throttling_rate=settings.throttling_rate,
        host_name_of_aws=settings.domain_name is None,
        log_retention_days=settings.log_retention_days,
        kms_key_arn=settings.kms_key_arn,
    )


def _cors(settings: Settings) -> Cors | None:
    if not settings.cors_origins:
        return None
    headers = [*settings.cors_headers, *([API_KEY_HEADER] if settings.api_key_required else [])]
    return Cors(origins=settings.cors_origins, headers=headers, credentials=settings.cors_credentials)


def _access(settings: Settings) -> Access:
    if settings.auth == "jwt":
        return JwtAccess(issuer=settings.jwt_issuer or "", audience=settings.jwt_audience, scopes=settings.jwt_scopes)
    if settings.auth == "lambda":
        return LambdaAccess(function_arn=settings.authorizer_arn or "", cache_seconds=settings.authorizer_cache_seconds)
    return settings.auth


def _domain(settings: Settings) -> Domain:
    return Domain(
        name=settings.domain_name or "",
        certificate_arn=settings.certificate_arn or "",
        hosted_zone_id=settings.hosted_zone_id,
    )


def _api_domain(name: str, settings: Settings, api: Api, opts: pulumi.ResourceOptions) -> ApiDomain | None:
    if not settings.domain_name or not isinstance(api, GatewayApi):
        return None
    return ApiDomain(name, ApiDomainArgs(domain=_domain(settings), api_id=api.api_id, stage_name=api.stage_name), opts)
