"""ApiArgs: what both kinds of API are told, and the parts that both are made of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi
import pulumi_aws as aws

from components.api.api_access import Access
from components.api.api_domain import Domain
from components.function.inference_function import InferenceFunction

OPEN_OR_SIGNED: frozenset[str] = frozenset({"iam", "none"})
"""Who may call, where one word says it."""


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    server: InferenceFunction
    """Answers every path that no model has for itself."""
    models: Mapping[str, InferenceFunction] = field(default_factory=dict[str, InferenceFunction])
    """Models that have a function of their own."""
    auth: Access = "iam"
    """Who may call."""
    throttling_burst: int = 200
    """Requests at once, of each route or method: a target that API Gateway keeps as well as it can."""
    throttling_rate: float = 100
    """Requests per second, likewise."""
    domain: Domain | None = None
    """A name of one's own; API Gateway's is then switched off."""
    log_retention_days: int = 30
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the access log."""

    def __post_init__(self) -> None:
        if isinstance(self.auth, str) and self.auth not in OPEN_OR_SIGNED:
            raise ValueError(f"auth is {self.auth!r}; allowed are 'iam', 'none', JwtAccess(…) and LambdaAccess(…)")

    def labels(self) -> Mapping[InferenceFunction, str]:
        """Each function once, by what its resources are called: its model, or `models` for the server's alone."""
        return {self.server: "models"} | {function: model for model, function in self.models.items()}

    def answering(self, model: str | None) -> InferenceFunction:
        """The function that answers a path of this model; None for the server's."""
        return self.server if model is None else self.models[model]


class Api(Protocol):
    """What the rest of a stack knows of its API, whichever kind it is."""

    url: pulumi.Output[str]
    """Without a slash at its end; `/v1/…` and `/v2/…` follow."""
    api_id: pulumi.Output[str]
    log_group_name: pulumi.Output[str]


def permit_api(
    name: str, args: ApiArgs, execution_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Sequence[aws.lambda_.Permission]:
    """Let this API invoke each function's alias: one permission a function, however many paths lead to it."""
    return [
        aws.lambda_.Permission(
            f"{name}-{label}-permission",
            action="lambda:InvokeFunction",
            function=function.function_name,
            qualifier=function.alias_name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(execution_arn, "/*/*"),
            opts=opts,
        )
        for function, label in args.labels().items()
    ]


def access_log(name: str, args: ApiArgs, opts: pulumi.ResourceOptions) -> aws.cloudwatch.LogGroup:
    """Where the access log goes."""
    return aws.cloudwatch.LogGroup(
        f"{name}-access",
        # Under this prefix, log delivery needs no growing resource policy, whose size is limited.
        name_prefix=f"/aws/vendedlogs/{name}-",
        retention_in_days=args.log_retention_days,
        kms_key_id=args.kms_key_arn,
        opts=opts,
    )


def access_log_format(**variables: str) -> str:
    """One line of the access log as JSON: what both kinds of API know, and these variables of one kind."""
    common = {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "caller": "$context.identity.caller",
        "path": "$context.path",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
        "responseLatencyMs": "$context.responseLatency",
        "error": "$context.error.message",
    }
    return json.dumps(common | variables)
