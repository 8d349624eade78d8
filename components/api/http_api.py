"""HttpApi: an HTTP API in front of the functions, with throttling, authorisation, CORS and an access log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.api.access_log import access_log, access_log_format
from components.api.api import ApiMetrics, GatewayApi
from components.api.api_access import IDENTITY_HEADER, Access, JwtAccess, LambdaAccess, authorizer_uri
from components.api.api_args import ApiArgs, ApiFunctions
from components.api.api_limits import HTTP_TIMEOUT_SECONDS
from components.api.api_permissions import permit_api, permit_authorizer
from components.api.api_routes import CORS_METHODS, OPEN_PATHS, http_paths
from components.api.cors import Cors, cors_configuration
from components.function.inference_function import InferenceFunction
from components.retries import explained

ROUTE_FAILURES = {
    "BadRequestException": "AWS documents a colon in a path for REST APIs alone. If the colon is what this HTTP API "
    "refuses: `pulumi config set api rest` keeps the paths, and `pulumi config set mode multi` needs no such route."
}
"""What a refusal of a route with a colon means, by the provider's words.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html"""


@dataclass(frozen=True, kw_only=True)
class HttpApiArgs:
    shared: ApiArgs
    """What a REST API needs to know, too."""
    cors: Cors | None = None
    """None lets no page of another site call the API."""


@dataclass(frozen=True, kw_only=True)
class _Authorisation:
    """What a route asks of a caller."""

    type: str
    authorizer: aws.apigatewayv2.Authorizer | None = None
    scopes: Sequence[str] = ()
    ready: Sequence[pulumi.Resource] = ()
    """What a route must wait for before it can ask."""


_OF_EVERYONE = _Authorisation(type="NONE")


class HttpApi(GatewayApi):
    """Routes of both dialects to the functions' aliases, on the stage `$default`, so that paths have no prefix."""

    def __init__(self, name: str, args: HttpApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:HttpApi", name, None, opts)
        self._name = name
        self._inside = pulumi.ResourceOptions(parent=self)
        shared = args.shared
        api = aws.apigatewayv2.Api(
            name,
            protocol_type="HTTP",
            disable_execute_api_endpoint=not shared.host_name_of_aws,
            cors_configuration=cors_configuration(args.cors) if args.cors else None,
            opts=self._inside,
        )
        server_routes = self._route(api, args)
        logs = access_log(name, shared, self._inside)
        stage = self._stage(api, logs, shared, server_routes)
        metrics = ApiMetrics({"ApiId": api.id, "Stage": stage.name}, failed="5xx")
        self._register(api, stage.name, url=api.api_endpoint, logs=logs, metrics=metrics)

    def _stage(
        self, api: aws.apigatewayv2.Api, logs: aws.cloudwatch.LogGroup, args: ApiArgs, routes: Sequence[pulumi.Resource]
    ) -> aws.apigatewayv2.Stage:
        """The stage, which deploys these routes first and each later one by itself."""
        return aws.apigatewayv2.Stage(
            f"{self._name}-stage",
            api_id=api.id,
            name="$default",
            auto_deploy=True,
            default_route_settings={
                "throttling_burst_limit": args.throttling_burst,
                "throttling_rate_limit": args.throttling_rate,
            },
            access_log_settings={"destination_arn": logs.arn, "format": access_log_format("http")},
            opts=pulumi.ResourceOptions(parent=self, depends_on=routes),
        )

    def _route(self, api: aws.apigatewayv2.Api, args: HttpApiArgs) -> Sequence[pulumi.Resource]:
        """A route for each path and, with CORS, one for each of its methods.

        A page's preflight request carries no authorisation, so a route that takes every method would refuse it. Where
        no route takes the method OPTIONS, API Gateway answers by itself: no function runs.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html

        A route waits until the API may invoke its function and its authorizer's. The server's routes wait for those of
        the models: until a model has routes of its own, the server's lead its requests to the function that answered
        them before. Returns the server's routes: their number is the same for any number of models.
        """
        functions = args.shared.functions
        permissions = permit_api(self._name, functions, api.execution_arn, self._inside)
        integrations = self._integrate(api, functions)
        required = self._authorise(api, args.shared.auth)
        methods = CORS_METHODS if args.cors else ("ANY",)
        health = args.shared.open_health_checks
        paths = http_paths(functions.model_verbs(), one_model=functions.one_model, page=functions.page, health=health)
        has_colons = any(":" in path for path in paths)
        if_refused = explained(f"{self._name}-route", ROUTE_FAILURES) if has_colons else None

        def lead(path: str, function: InferenceFunction, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
            asked = _OF_EVERYONE if health and path in OPEN_PATHS else required
            return [
                aws.apigatewayv2.Route(
                    f"{self._name} {method} {path}",
                    api_id=api.id,
                    route_key=f"{method} {path}",
                    target=pulumi.Output.concat("integrations/", integrations[function].id),
                    authorization_type=asked.type,
                    authorizer_id=asked.authorizer and asked.authorizer.id,
                    authorization_scopes=list(asked.scopes) or None,
                    opts=pulumi.ResourceOptions(
                        parent=self,
                        depends_on=[permissions[function], *asked.ready, *after],
                        hooks=if_refused if ":" in path else None,
                    ),
                )
                for method in methods
            ]

        own = [route for path, model in paths.items() if model for route in lead(path, functions.models[model], ())]
        server = [path for path, model in paths.items() if model is None]
        return [route for path in server for route in lead(path, functions.server, own)]

    def _authorise(self, api: aws.apigatewayv2.Api, access: Access) -> _Authorisation:
        if access == "none":
            return _OF_EVERYONE
        if access == "iam":
            return _Authorisation(type="AWS_IAM")
        if isinstance(access, JwtAccess):
            authorizer = aws.apigatewayv2.Authorizer(
                f"{self._name}-jwt-authorizer",
                api_id=api.id,
                authorizer_type="JWT",
                identity_sources=[f"$request.header.{IDENTITY_HEADER}"],
                jwt_configuration={"issuer": access.issuer, "audiences": list(access.audience)},
                opts=self._inside,
            )
            return _Authorisation(type="JWT", authorizer=authorizer, scopes=access.scopes)
        permitted = permit_authorizer(self._name, access, api.execution_arn, self._inside)
        return _Authorisation(type="CUSTOM", authorizer=self._lambda_authorizer(api, access), ready=[permitted])

    def _lambda_authorizer(self, api: aws.apigatewayv2.Api, access: LambdaAccess) -> aws.apigatewayv2.Authorizer:
        return aws.apigatewayv2.Authorizer(
            f"{self._name}-lambda-authorizer",
            api_id=api.id,
            authorizer_type="REQUEST",
            authorizer_uri=authorizer_uri(access),
            authorizer_payload_format_version="2.0",
            enable_simple_responses=True,
            identity_sources=[f"$request.header.{IDENTITY_HEADER}"],
            authorizer_result_ttl_in_seconds=access.cache_seconds,
            opts=self._inside,
        )

    def _integrate(
        self, api: aws.apigatewayv2.Api, functions: ApiFunctions
    ) -> Mapping[InferenceFunction, aws.apigatewayv2.Integration]:
        """One integration for each function, however many routes lead to it."""
        return {
            function: aws.apigatewayv2.Integration(
                f"{self._name}-{label}",
                api_id=api.id,
                integration_type="AWS_PROXY",
                integration_method="POST",
                integration_uri=function.invoke_arn,
                payload_format_version="2.0",
                timeout_milliseconds=HTTP_TIMEOUT_SECONDS * 1000,
                opts=self._inside,
            )
            for function, label in functions.labels().items()
        }
