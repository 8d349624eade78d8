"""InferenceApi: an HTTP API in front of the functions, with throttling, authorisation and an access log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.inference_function import InferenceFunction

TIMEOUT_MILLISECONDS = 30_000
"""The longest that an HTTP API waits. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""

AUTHORIZATION: Mapping[str, str] = {"iam": "AWS_IAM", "none": "NONE"}
"""API Gateway's names of who may call."""

SERVER_ROUTES = ("ANY /v1/{proxy+}", "ANY /v2", "ANY /v2/{proxy+}")
"""What no model's own route takes: server-wide answers, and 404s."""

ACCESS_LOG_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "caller": "$context.identity.caller",
        "routeKey": "$context.routeKey",
        "path": "$context.path",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
        "responseLatencyMs": "$context.responseLatency",
        "integrationStatus": "$context.integrationStatus",
        "integrationLatencyMs": "$context.integrationLatency",
        "integrationError": "$context.integrationErrorMessage",
        "error": "$context.error.message",
    }
)
"""One line of the access log. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html"""


def model_routes(model: str) -> Sequence[str]:
    """The routes of a model that has a function of its own, in both dialects."""
    verbs = [f"POST /v1/models/{model}:{verb}" for verb in ("predict", "classify", "regress")]
    paths = [f"ANY /{dialect}/models/{model}" for dialect in ("v1", "v2")]
    return [*verbs, *(route for path in paths for route in (path, f"{path}/{{proxy+}}"))]


@dataclass(frozen=True, kw_only=True)
class InferenceApiArgs:
    server: InferenceFunction
    """Answers every route that no model has for itself."""
    models: Mapping[str, InferenceFunction] = field(default_factory=dict[str, InferenceFunction])
    """Models that have a function of their own."""
    auth: Literal["iam", "none"] = "iam"
    """Who may call: AWS identities that sign their requests, or everyone."""
    throttling_burst: int = 200
    """Requests at once."""
    throttling_rate: float = 100
    """Requests per second."""
    log_retention_days: int = 30

    def __post_init__(self) -> None:
        if self.auth not in AUTHORIZATION:
            raise ValueError(f"auth is {self.auth!r}; allowed are {' and '.join(AUTHORIZATION)}")


class InferenceApi(pulumi.ComponentResource):
    """Routes of both dialects to the functions' aliases, on the stage `$default`, so that paths have no prefix."""

    url: pulumi.Output[str]
    api_id: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: InferenceApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:InferenceApi", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        api = aws.apigatewayv2.Api(name, protocol_type="HTTP", opts=inside)
        integrations = self._integrate(name, api, args)
        owners = [(route, args.server) for route in SERVER_ROUTES]
        owners += [(route, function) for model, function in args.models.items() for route in model_routes(model)]
        routes = [
            aws.apigatewayv2.Route(
                f"{name} {route}",
                api_id=api.id,
                route_key=route,
                authorization_type=AUTHORIZATION[args.auth],
                target=pulumi.Output.concat("integrations/", integrations[function].id),
                opts=inside,
            )
            for route, function in owners
        ]
        logs = aws.cloudwatch.LogGroup(
            f"{name}-access",
            # Under this prefix, log delivery needs no growing resource policy, whose size is limited.
            name_prefix=f"/aws/vendedlogs/{name}-",
            retention_in_days=args.log_retention_days,
            opts=inside,
        )
        aws.apigatewayv2.Stage(
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
            opts=pulumi.ResourceOptions(parent=self, depends_on=routes),
        )
        self.url = api.api_endpoint
        self.api_id = api.id
        self.log_group_name = logs.name
        self.register_outputs({"url": self.url, "api_id": self.api_id, "log_group_name": self.log_group_name})

    def _integrate(
        self, name: str, api: aws.apigatewayv2.Api, args: InferenceApiArgs
    ) -> Mapping[InferenceFunction, aws.apigatewayv2.Integration]:
        """One integration and one permission for each function, however many routes lead to it."""
        inside = pulumi.ResourceOptions(parent=self)
        made: dict[InferenceFunction, aws.apigatewayv2.Integration] = {}
        labels = {args.server: "models"} | {function: model for model, function in args.models.items()}
        for function, label in labels.items():
            aws.lambda_.Permission(
                f"{name}-{label}-permission",
                action="lambda:InvokeFunction",
                function=function.function_name,
                qualifier=function.alias_name,
                principal="apigateway.amazonaws.com",
                source_arn=pulumi.Output.concat(api.execution_arn, "/*/*"),
                opts=inside,
            )
            made[function] = aws.apigatewayv2.Integration(
                f"{name}-{label}",
                api_id=api.id,
                integration_type="AWS_PROXY",
                integration_method="POST",
                integration_uri=function.invoke_arn,
                payload_format_version="2.0",
                timeout_milliseconds=TIMEOUT_MILLISECONDS,
                opts=inside,
            )
        return made
