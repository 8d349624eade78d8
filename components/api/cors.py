"""CORS: which web pages may call an API or a function URL from a browser, and what they may send and read."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws

from components.api.api_routes import CORS_METHODS
from handlers.contract import EXPOSED_HEADERS

PREFLIGHT_SECONDS = 3600
"""How long a browser may reuse the answer to a preflight request."""

ALLOWED_HEADERS = (
    "authorization",
    "content-encoding",
    "content-type",
    "inference-header-content-length",
    "prefer",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
    "x-caller-id",
)
"""Headers that a page may send in any case: a signature or a token, what the dialects read, what AWS's clients add, and
who calls."""


@dataclass(frozen=True, kw_only=True)
class Cors:
    """Which web pages may call the API from a browser."""

    origins: Sequence[str]
    """Such as `https://app.example.com`; `*` for every page."""
    headers: Sequence[str] = ()
    """Headers that a page may send besides `ALLOWED_HEADERS`, in small letters."""
    credentials: bool = False
    """Whether a page may send cookies and the browser's own credentials."""

    def __post_init__(self) -> None:
        if not self.origins:
            raise ValueError("origins is empty; name at least one, or leave CORS out")
        if self.credentials and "*" in self.origins:
            raise ValueError("origins has '*' and credentials is true, which browsers refuse; name the origins")

    def allowed_headers(self) -> Sequence[str]:
        """The headers that a page may send."""
        return sorted({*ALLOWED_HEADERS, *self.headers})


def cors_configuration(cors: Cors) -> aws.apigatewayv2.ApiCorsConfigurationArgsDict:
    """The setting of an HTTP API, and that of a function URL, which has the same form."""
    return {
        "allow_origins": list(cors.origins),
        "allow_methods": list(CORS_METHODS),
        "allow_headers": list(cors.allowed_headers()),
        "expose_headers": list(EXPOSED_HEADERS),
        "allow_credentials": cors.credentials,
        "max_age": PREFLIGHT_SECONDS,
    }
