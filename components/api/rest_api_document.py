"""The OpenAPI document of a REST API: its paths, who may call them, and API Gateway's own errors."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.api.api_access import IDENTITY_HEADER, Access, LambdaAccess, authorizer_uri
from components.api.cors import Cors
from components.api.rest_cors import headers_of_failures, preflight

Document = Mapping[str, Any]
"""Part of a JSON document. Its values may be Outputs."""

API_KEY_HEADER = "x-api-key"

GATEWAY_ERRORS = {
    **dict.fromkeys(("DEFAULT_4XX", "DEFAULT_5XX"), '{"error":$context.error.messageString}'),
    "REQUEST_TOO_LARGE": json.dumps(
        {
            "error": "The request is larger than API Gateway or Lambda takes: 6 MB to Lambda, which is 4.5 MB before "
            "base64. Send fewer instances in one request, or binary tensors instead of JSON."
        }
    ),
}
"""What API Gateway's own failures say, in the form of error that clients of every dialect read. The variable brings its
own quotes."""


def document(
    title: str,
    functions: Mapping[str, pulumi.Input[str]],
    access: Access,
    *,
    api_key_required: bool,
    open_paths: frozenset[str] = frozenset(),
    cors: Cors | None = None,
    timeout_milliseconds: int,
) -> Document:
    """A document whose paths lead to functions, given by their invoke ARNs. Everyone may ask `open_paths`.

    With `cors`, each path has a method OPTIONS that runs no function, for the preflight requests of pages.

    Raises:
        ValueError: a REST API does not offer this access.
    """
    schemes = _security_schemes(access)
    if api_key_required:
        schemes["api_key"] = {"type": "apiKey", "name": API_KEY_HEADER, "in": "header"}
    requirement: Document = {name: [] for name in schemes}
    return {
        "openapi": "3.0.1",
        "info": {"title": title, "version": "1"},
        "paths": {
            path: {
                "x-amazon-apigateway-any-method": _method(
                    path, arn, {} if path in open_paths else requirement, timeout_milliseconds
                ),
                **({"options": {"parameters": _parameters(path), **preflight(cors)}} if cors else {}),
            }
            for path, arn in functions.items()
        },
        "components": {"securitySchemes": schemes},
        "x-amazon-apigateway-gateway-responses": {
            kind: {
                "responseTemplates": {"application/json": template},
                **({"responseParameters": headers_of_failures(cors)} if cors else {}),
            }
            for kind, template in GATEWAY_ERRORS.items()
        },
    }


def _method(path: str, invoke_arn: pulumi.Input[str], requirement: Document, timeout_milliseconds: int) -> Document:
    return {
        "parameters": _parameters(path),
        "security": [requirement] if requirement else [],
        "responses": {"default": {"description": "The function's own answer."}},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": invoke_arn,
            "passthroughBehavior": "when_no_match",
            "timeoutInMillis": timeout_milliseconds,
        },
    }


def _parameters(path: str) -> Sequence[Document]:
    greedy = {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
    return [greedy] if path.endswith("{proxy+}") else []


def _security_schemes(access: Access) -> dict[str, Document]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html"""
    header = {"type": "apiKey", "name": IDENTITY_HEADER, "in": "header"}
    if access == "none":
        return {}
    if access == "iam":
        return {"signature": header | {"x-amazon-apigateway-authtype": "awsSigv4"}}
    if isinstance(access, LambdaAccess):
        authorizer = {
            "type": "request",
            "authorizerUri": authorizer_uri(access),
            "identitySource": f"method.request.header.{IDENTITY_HEADER}",
            "authorizerResultTtlInSeconds": access.cache_seconds,
        }
        custom = {"x-amazon-apigateway-authtype": "custom", "x-amazon-apigateway-authorizer": authorizer}
        return {"authorizer": header | custom}
    raise ValueError(
        "a REST API has no JWT authorizer; use HttpApi, or LambdaAccess with a function that verifies the token"
    )
