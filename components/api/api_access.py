"""Who may call an API: AWS identities, everyone, holders of a token, or whom a function of one's own admits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

IDENTITY_HEADER = "Authorization"
"""Where a caller's token is; a request without it is answered 401 and reaches no authorizer."""


@dataclass(frozen=True, kw_only=True)
class JwtAccess:
    """Holders of a token that an OpenID Connect issuer signed. HTTP API only."""

    issuer: str
    """Its URL; API Gateway reads its keys from the discovery document below."""
    audience: Sequence[str]
    """A token must be for one of these."""
    scopes: Sequence[str] = ()
    """A token must have one of these; none asked for if empty."""

    def __post_init__(self) -> None:
        if not self.audience:
            raise ValueError("audience is empty; without one, a token for any other service would be let in")


@dataclass(frozen=True, kw_only=True)
class LambdaAccess:
    """Whom a function admits that exists already.

    An HTTP API sends it payload 2.0 and expects `{"isAuthorized": true}`; a REST API sends it a REQUEST event and
    expects an IAM policy.
    """

    function_arn: str
    """Of a function, a version or an alias."""
    cache_seconds: int = 0
    """How long a decision holds for the same token, on every path of the API. 0 asks for each request."""


Access = Literal["iam", "none"] | JwtAccess | LambdaAccess


def authorizer_uri(access: LambdaAccess) -> str:
    """The address by which API Gateway invokes the function."""
    _, partition, _, region, *_ = access.function_arn.split(":")
    return f"arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{access.function_arn}/invocations"


def permit_authorizer(
    name: str, access: LambdaAccess, execution_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> aws.lambda_.Permission:
    """Let this API's authorizers, and no others, invoke the function."""
    parts = access.function_arn.split(":")
    return aws.lambda_.Permission(
        f"{name}-permission-to-authorize",  # no model's permission is called so, whatever the model is called
        action="lambda:InvokeFunction",
        function=":".join(parts[:7]),
        qualifier=parts[7] if len(parts) > 7 else None,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(execution_arn, "/authorizers/*"),
        opts=opts,
    )
