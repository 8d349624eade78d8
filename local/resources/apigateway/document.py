"""A REST API's OpenAPI document as resources and methods of the emulator, whose own import knows no
`x-amazon-apigateway-any-method`.

The emulator serves an API as it is, not as it was deployed. So a document takes the place of another one without a gap:
what it has is put first, and what it lacks is taken away last.
"""

from collections.abc import Mapping
from typing import Any

from local.resources.refusals import apigateway as refusals

AUTH_TYPE = "x-amazon-apigateway-authtype"
ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
RESPONSE_HEADER = "method.response.header."

Place = tuple[str, str]
"""A path and a method."""


def put(gateway: Any, api_id: str, document: Mapping[str, Any]) -> None:
    """Let an API have the operations of a document, and no others. `gateway` is boto3's client for REST APIs."""
    wanted = {
        (path.rstrip("/"), "ANY" if method == ANY_METHOD else method.upper()): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    resources, held = _held(gateway, api_id)
    schemes = document.get("components", {}).get("securitySchemes", {})
    signed = {name for name, scheme in schemes.items() if scheme.get(AUTH_TYPE) == "awsSigv4"}
    for (path, method), operation in wanted.items():
        place = {"restApiId": api_id, "resourceId": _resource(gateway, api_id, resources, path), "httpMethod": method}
        asked = {name for requirement in operation.get("security", ()) for name in requirement}
        authorization = "AWS_IAM" if asked & signed else "NONE"
        if (path, method) not in held:
            gateway.put_method(**place, authorizationType=authorization)
        else:
            change = {"op": "replace", "path": "/authorizationType", "value": authorization}
            gateway.update_method(**place, patchOperations=[change])
        _put_integration(gateway, place, operation)
    for path, method in held - wanted.keys():
        gateway.delete_method(restApiId=api_id, resourceId=resources[path], httpMethod=method)
    _prune(gateway, api_id, resources, {path for path, _ in wanted})
    _put_gateway_responses(gateway, api_id, document.get(GATEWAY_RESPONSES, {}))


def _put_integration(gateway: Any, place: Mapping[str, str], operation: Mapping[str, Any]) -> None:
    integration = operation[INTEGRATION]
    if integration["type"] == "mock":
        _put_mock(gateway, place, operation)
        return
    gateway.put_integration(
        **place,
        type=integration["type"].upper(),
        integrationHttpMethod=integration["httpMethod"],
        uri=integration["uri"],
        timeoutInMillis=int(integration["timeoutInMillis"]),
    )


def _put_mock(gateway: Any, place: Mapping[str, str], operation: Mapping[str, Any]) -> None:
    """Let a method answer by itself, with the headers that it declares."""
    integration = operation[INTEGRATION]
    for status, response in operation["responses"].items():
        declared = {f"{RESPONSE_HEADER}{name}": False for name in response.get("headers", {})}
        gateway.put_method_response(**place, statusCode=status, responseParameters=declared)
    gateway.put_integration(
        **place,
        type="MOCK",
        passthroughBehavior=integration["passthroughBehavior"].upper(),
        requestTemplates=integration["requestTemplates"],
        **_handling(integration),
    )
    for pattern, response in integration["responses"].items():
        status, mapped = response["statusCode"], response.get("responseParameters", {})
        refusals.of_mapped_headers(mapped, operation["responses"].get(status))
        gateway.put_integration_response(
            **place,
            statusCode=status,
            selectionPattern="" if pattern == "default" else pattern,
            responseParameters=mapped,
            responseTemplates=response.get("responseTemplates", {}),
            **_handling(response),
        )


def _handling(part: Mapping[str, Any]) -> dict[str, str]:
    return {"contentHandling": part["contentHandling"]} if "contentHandling" in part else {}


def _put_gateway_responses(gateway: Any, api_id: str, wanted: Mapping[str, Any]) -> None:
    """Let the API word its own failures by these responses, and by no others."""
    for kind, response in wanted.items():
        gateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            responseTemplates=response["responseTemplates"],
            responseParameters=response.get("responseParameters", {}),
        )
    found = gateway.get_gateway_responses(restApiId=api_id, limit=500)["items"]
    for kind in {each["responseType"] for each in found if not each.get("defaultResponse")} - wanted.keys():
        gateway.delete_gateway_response(restApiId=api_id, responseType=kind)


def _held(gateway: Any, api_id: str) -> tuple[dict[str, str], set[Place]]:
    """The API's resources by path, and its methods."""
    pages = gateway.get_paginator("get_resources").paginate(restApiId=api_id, embed=["methods"])
    items = [item for page in pages for item in page["items"]]
    resources = {item["path"].rstrip("/"): item["id"] for item in items}
    return resources, {
        (item["path"].rstrip("/"), method) for item in items for method in item.get("resourceMethods", ())
    }


def _resource(gateway: Any, api_id: str, resources: dict[str, str], path: str) -> str:
    """The resource at a path; those on the way to it are made once."""
    if path not in resources:
        parent, _, part = path.rpartition("/")
        made = gateway.create_resource(
            restApiId=api_id, parentId=_resource(gateway, api_id, resources, parent), pathPart=part
        )
        resources[path] = made["id"]
    return resources[path]


def _prune(gateway: Any, api_id: str, resources: Mapping[str, str], used: set[str]) -> None:
    """Take away the resources that lead to no operation, the deepest first."""
    for path in sorted(resources, key=len, reverse=True):
        if path and not any(each == path or each.startswith(f"{path}/") for each in used):
            gateway.delete_resource(restApiId=api_id, resourceId=resources[path])
