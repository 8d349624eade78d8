"""CORS of a REST API: what it answers to the preflight requests of pages, and what its own failures add for pages.

An HTTP API does both by itself. A REST API passes the functions' answers on as they are, so that the functions add the
headers to those.
"""

from collections.abc import Mapping
from typing import Any

from components.api.api_routes import CORS_METHODS
from components.api.cors import PREFLIGHT_SECONDS, Cors

STATUS = "204"
"""The status of the answer to a preflight request, as an HTTP API has it."""

ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"
VARY: Mapping[str, str] = {"Vary": "Origin"}
"""Tells caches that an answer is for one origin alone."""


def preflight(cors: Cors) -> Mapping[str, Any]:
    """The method OPTIONS of a path. API Gateway answers it by itself, and asks for no authorisation.

    `contentHandling` is needed because all media types of the API count as binary: else API Gateway fails to read the
    template of the request, with status 500.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
    """
    headers = _headers(cors)
    template = _chosen_origin(cors)
    return {
        "security": [],
        "responses": {
            STATUS: {
                "description": "What a page may send.",
                "headers": {name: {"schema": {"type": "string"}} for name in headers},
            }
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "passthroughBehavior": "never",
            "contentHandling": "CONVERT_TO_TEXT",
            "requestTemplates": {"application/json": f'{{"statusCode": {STATUS}}}'},
            "responses": {
                "default": {
                    "statusCode": STATUS,
                    "contentHandling": "CONVERT_TO_TEXT",
                    "responseParameters": {
                        f"method.response.header.{name}": value for name, value in _quoted(headers).items()
                    },
                    **({"responseTemplates": {"application/json": template}} if template else {}),
                }
            },
        },
    }


def headers_of_failures(cors: Cors) -> Mapping[str, str]:
    """The headers by which pages may read what API Gateway answers by itself, such as 403 and 429.

    A failure cannot choose among several origins: then every page may read it, except one that sends the browser's own
    credentials. That the mapping finds the header in any letters is not documented, and not yet tried in an account.
    """
    if len(cors.origins) > 1:
        values = {ORIGIN: "method.request.header.Origin", **_quoted(VARY)}
    else:
        values = _quoted({ORIGIN: cors.origins[0], **_credentials(cors)})
    return {f"gatewayresponse.header.{name}": value for name, value in values.items()}


def _headers(cors: Cors) -> Mapping[str, str]:
    """The headers of the answer to a preflight request. Of several origins, the first stands for all."""
    return {
        ORIGIN: cors.origins[0],
        "Access-Control-Allow-Methods": ",".join(CORS_METHODS),
        "Access-Control-Allow-Headers": ",".join(cors.allowed_headers()),
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        **_credentials(cors),
        **(VARY if len(cors.origins) > 1 else {}),
    }


def _credentials(cors: Cors) -> Mapping[str, str]:
    return {CREDENTIALS: "true"} if cors.credentials else {}


def _chosen_origin(cors: Cors) -> str:
    """A template that puts the page's origin in the place of the first one, if it is another of them; it writes no
    body. Empty for a single origin.

    A caller by HTTP/2 sends the header in small letters, and API Gateway keeps the letters.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
    """
    cases = [
        f'if($sent.get("origin") == "{origin}" || $sent.get("Origin") == "{origin}")'
        f'#set($context.responseOverride.header.{ORIGIN} = "{origin}")'
        for origin in cors.origins[1:]
    ]
    return f"#set($sent = $input.params().header)#{'#else'.join(cases)}#end" if cases else ""


def _quoted(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Values as a mapping writes text: what has no quotes is where a value is found."""
    return {name: f"'{value}'" for name, value in headers.items()}
