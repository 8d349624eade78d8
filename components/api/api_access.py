"""Who may call an API: AWS identities, everyone, holders of a token, or callers that a Lambda function admits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

IDENTITY_HEADER = "Authorization"
"""The header with the caller's token. API Gateway answers 401 to a request without it, and asks no authorizer."""


@dataclass(frozen=True, kw_only=True)
class JwtAccess:
    """Admits holders of a token that an OpenID Connect issuer signed. HTTP API only."""

    issuer: str
    """The issuer's URL. API Gateway finds the keys through the discovery document below it."""
    audience: Sequence[str]
    """A token must be for one of these."""
    scopes: Sequence[str] = ()
    """A token must have one of these; empty asks for no scope."""

    def __post_init__(self) -> None:
        if not self.audience:
            raise ValueError("audience is empty; without one, a token for any other service would be let in")


@dataclass(frozen=True, kw_only=True)
class LambdaAccess:
    """Admits the callers that an existing Lambda function admits.

    An HTTP API sends the function payload 2.0 and expects `{"isAuthorized": true}`. A REST API sends it a REQUEST event
    and expects an IAM policy.
    """

    function_arn: str
    """ARN of a function, a version or an alias."""
    cache_seconds: int = 0
    """How long API Gateway reuses a decision for the same token, on every path. 0 asks for each request."""


FixedAccess = Literal["iam", "none"]
"""iam: AWS identities that sign their requests. none: everyone."""

Access = FixedAccess | JwtAccess | LambdaAccess


def authorizer_uri(access: LambdaAccess) -> str:
    """The address at which API Gateway invokes the function."""
    _, partition, _, region, *_ = access.function_arn.split(":")
    return f"arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{access.function_arn}/invocations"
