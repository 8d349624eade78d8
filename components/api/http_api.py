"""HttpApi: an HTTP API in front of the functions, with throttling, authorisation, CORS and an access log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.api.api_access import (
    IDENTITY_HEADER,
    Access,
    JwtAccess,
    LambdaAccess,
    authorizer_uri,
    permit_authorizer,
)
from components.api.api_args import ApiArgs, access_log, access_log_format, permit_api
from components.api.api_domain import ApiDomain, ApiDomainArgs
from components.api.api_routes import http_paths
from components.function.inference_function import InferenceFunction

TIMEOUT_MILLISECONDS = 30_000
"""The longest that an HTTP API waits. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""

PREFLIGHT_SECONDS = 3600
"""How long a browser may remember the answer to a preflight request."""

ALLOWED_HEADERS = (
    "authorization",
    "content-encoding",
    "content-type",
    "inference-header-content-length",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
)
"""What a page may send: a signature or a token, and what the dialects read."""

EXPOSED_HEADERS = ("inference-header-content-length", "retry-after")
"""What a page may read besides the body."""

ACCESS_LOG_FORMAT = access_log_format(
    routeKey="$context.routeKey",
    integrationStatus="$context.integrationStatus",
    integrationLatencyMs="$context.integrationLatency",
    integrationError="$context.integrationErrorMessage",
)
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html"""


@dataclass(frozen=True, kw_only=True)
class Cors:
    """Which web pages may call the API from a browser."""

    origins: Sequence[str]
    """Such as `https://app.example.com`; `*` for every page."""
    credentials: bool = False
    """Whether a page may send cookies and a browser's own credentials."""

    def __post_init__(self) -> None:
        if not self.origins:
            raise ValueError("origins is empty; name at least one, or leave CORS out")
        if self.credentials and "*" in self.origins:
            raise ValueError("origins has '*' and credentials is true, which browsers refuse; name the origins")


@dataclass(frozen=True, kw_only=True)
class HttpApiArgs(ApiArgs):
    cors: Cors | None = None
    """None lets no other site's page call the API."""


class HttpApi(pulumi.ComponentResource):
    """Routes of both dialects to the functions' aliases, on the stage `$default`, so that paths have no prefix."""

    url: pulumi.Output[str]
    api_id: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: HttpApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:HttpApi", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        api = aws.apigatewayv2.Api(
            name,
            protocol_type="HTTP",
            disable_execute_api_endpoint=True if args.domain else None,
            cors_configuration=_cors_configuration(args.cors) if args.cors else None,
            opts=inside,
        )
        permissions = permit_api(name, args, api.execution_arn, inside)
        routes = self._route(name, api, args)
        logs = access_log(name, args, inside)
        stage = self._stage(name, api, logs, args, [*permissions, *routes])
        self.url = api.api_endpoint
        if args.domain:
            arguments = ApiDomainArgs(domain=args.domain, api_id=api.id, stage_name=stage.name)
            self.url = ApiDomain(f"{name}-domain", arguments, inside).url
        self.api_id = api.id
        self.log_group_name = logs.name
        self.register_outputs({"url": self.url, "api_id": self.api_id, "log_group_name": self.log_group_name})

    def _stage(
        self,
        name: str,
        api: aws.apigatewayv2.Api,
        logs: aws.cloudwatch.LogGroup,
        args: HttpApiArgs,
        ready: Sequence[pulumi.Resource],
    ) -> aws.apigatewayv2.Stage:
        return aws.apigatewayv2.Stage(
            f"{name}-stage",
            api_id=api.id,
            name="$default",
            auto_deploy=True,
            default_route_settings={
                "throttling_burst_limit": args.throttling_burst,
                "throttling_rate_limit": args.throttling_rate,
                "detailed_metrics_enabled": True,
            },
            access_log_settings={"destination_arn": logs.arn, "format": ACCESS_LOG_FORMAT},
            opts=pulumi.ResourceOptions(parent=self, depends_on=ready),
        )

    def _route(self, name: str, api: aws.apigatewayv2.Api, args: HttpApiArgs) -> Sequence[pulumi.Resource]:
        """A route for each path, and one more for its preflight requests, which carry no authorisation."""
        inside = pulumi.ResourceOptions(parent=self)
        integrations = self._integrate(name, api, args)
        authorisation = self._authorise(name, api, args.auth)
        routes: list[pulumi.Resource] = []
        for path, model in http_paths(args.models).items():
            target = pulumi.Output.concat("integrations/", integrations[args.answering(model)].id)
            methods = {"ANY": authorisation} | ({"OPTIONS": _ADMIT_EVERYONE} if args.cors else {})
            routes += [
                aws.apigatewayv2.Route(
                    f"{name} {method} {path}",
                    api_id=api.id,
                    route_key=f"{method} {path}",
                    target=target,
                    opts=inside,
                    **arguments,
                )
                for method, arguments in methods.items()
            ]
        return routes

    def _authorise(self, name: str, api: aws.apigatewayv2.Api, access: Access) -> Mapping[str, Any]:
        """A route's arguments that say who may call it."""
        inside = pulumi.ResourceOptions(parent=self)
        if access == "none":
            return _ADMIT_EVERYONE
        if access == "iam":
            return {"authorization_type": "AWS_IAM"}
        if isinstance(access, JwtAccess):
            authorizer = aws.apigatewayv2.Authorizer(
                f"{name}-authorizer",
                api_id=api.id,
                authorizer_type="JWT",
                identity_sources=[f"$request.header.{IDENTITY_HEADER}"],
                jwt_configuration={"issuer": access.issuer, "audiences": list(access.audience)},
                opts=inside,
            )
            scopes = {"authorization_scopes": list(access.scopes)} if access.scopes else {}
            return {"authorization_type": "JWT", "authorizer_id": authorizer.id, **scopes}
        return {"authorization_type": "CUSTOM", "authorizer_id": self._ask(name, api, access).id}

    def _ask(self, name: str, api: aws.apigatewayv2.Api, access: LambdaAccess) -> aws.apigatewayv2.Authorizer:
        inside = pulumi.ResourceOptions(parent=self)
        permit_authorizer(name, access, api.execution_arn, inside)
        return aws.apigatewayv2.Authorizer(
            f"{name}-authorizer",
            api_id=api.id,
            authorizer_type="REQUEST",
            authorizer_uri=authorizer_uri(access),
            authorizer_payload_format_version="2.0",
            enable_simple_responses=True,
            identity_sources=[f"$request.header.{IDENTITY_HEADER}"],
            authorizer_result_ttl_in_seconds=access.cache_seconds,
            opts=inside,
        )

    def _integrate(
        self, name: str, api: aws.apigatewayv2.Api, args: HttpApiArgs
    ) -> Mapping[InferenceFunction, aws.apigatewayv2.Integration]:
        """One integration for each function, however many routes lead to it."""
        return {
            function: aws.apigatewayv2.Integration(
                f"{name}-{label}",
                api_id=api.id,
                integration_type="AWS_PROXY",
                integration_method="POST",
                integration_uri=function.invoke_arn,
                payload_format_version="2.0",
                timeout_milliseconds=TIMEOUT_MILLISECONDS,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for function, label in args.labels().items()
        }


_ADMIT_EVERYONE: Mapping[str, Any] = {"authorization_type": "NONE"}


def _cors_configuration(cors: Cors) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict:
    return {
        "allow_origins": list(cors.origins),
        "allow_methods": ["GET", "POST"],
        "allow_headers": list(ALLOWED_HEADERS),
        "expose_headers": list(EXPOSED_HEADERS),
        "allow_credentials": cors.credentials,
        "max_age": PREFLIGHT_SECONDS,
    }
