"""What an HTTP API leads to: routes, the integrations behind them, and whom they ask."""

from collections.abc import Mapping
from typing import Any

from local.resources.refusals import apigateway as refusals
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import answered, chosen

TIMEOUT_MILLISECONDS = 30_000


class Integration(ResourceType):
    """aws.apigatewayv2.Integration"""

    pulumi_type = "aws:apigatewayv2/integration:Integration"

    def make(self, inputs: Inputs) -> str:
        refusals.of_integration(self.account, inputs["apiId"])
        made = self.client().create_integration(ApiId=inputs["apiId"], **_integration(inputs))
        return made["IntegrationId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_integration(ApiId=known["apiId"], IntegrationId=resource_id)
        keys = "integrationMethod integrationType integrationUri payloadFormatVersion".split()
        return {**answered(found, keys), "timeoutMilliseconds": found["TimeoutInMillis"]}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().update_integration(ApiId=new["apiId"], IntegrationId=resource_id, **_integration(new))

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_integration(self.account, known["apiId"], resource_id)
        self.client().delete_integration(ApiId=known["apiId"], IntegrationId=resource_id)


class Route(ResourceType):
    """aws.apigatewayv2.Route"""

    pulumi_type = "aws:apigatewayv2/route:Route"

    def make(self, inputs: Inputs) -> str:
        refusals.of_route(self.account, "CreateRoute", inputs)
        return self.client().create_route(ApiId=inputs["apiId"], **_route(inputs))["RouteId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_route(ApiId=known["apiId"], RouteId=resource_id)
        return answered(found, "authorizationScopes authorizationType authorizerId routeKey target".split())

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        refusals.of_route(self.account, "UpdateRoute", new, resource_id)
        whole = {"authorizationScopes": [], "authorizerId": "", **_told(new)}
        self.client().update_route(ApiId=new["apiId"], RouteId=resource_id, **_route(whole))

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_route(ApiId=known["apiId"], RouteId=resource_id)


class Authorizer(ResourceType):
    """aws.apigatewayv2.Authorizer. The emulator keeps an authorizer's type for good."""

    pulumi_type = "aws:apigatewayv2/authorizer:Authorizer"

    KEYS = (
        "authorizerCredentialsArn authorizerPayloadFormatVersion authorizerResultTtlInSeconds authorizerType "
        "authorizerUri enableSimpleResponses name"
    ).split()
    TOLD = "authorizerResultTtlInSeconds authorizerUri enableSimpleResponses name".split()

    def make(self, inputs: Inputs) -> str:
        return self.client().create_authorizer(ApiId=inputs["apiId"], **self._arguments(inputs))["AuthorizerId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_authorizer(ApiId=known["apiId"], AuthorizerId=resource_id)
        lambda_only = self.TOLD if known.get("authorizerType") == "REQUEST" else ["name"]
        jwt = found.get("JwtConfiguration") or {}
        issued = {"issuer": jwt.get("Issuer"), "audiences": jwt.get("Audience")} if jwt.get("Issuer") else None
        return {
            **answered(found, lambda_only),
            "identitySources": found["IdentitySource"],
            **({"jwtConfiguration": issued} if issued else {}),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().update_authorizer(ApiId=new["apiId"], AuthorizerId=resource_id, **self._arguments(new))

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_authorizer(self.account, known["apiId"], resource_id, str(known["name"]))
        self.client().delete_authorizer(ApiId=known["apiId"], AuthorizerId=resource_id)

    def _arguments(self, inputs: Inputs) -> dict[str, Any]:
        arguments = {**chosen(inputs, self.KEYS), "IdentitySource": inputs.get("identitySources", [])}
        if jwt := inputs.get("jwtConfiguration"):
            arguments["JwtConfiguration"] = {"Issuer": jwt.get("issuer"), "Audience": jwt.get("audiences", [])}
        return arguments


def _integration(inputs: Inputs) -> dict[str, Any]:
    whole = {"integrationMethod": "POST", "payloadFormatVersion": "1.0", **inputs}
    keys = "connectionType integrationMethod integrationType integrationUri payloadFormatVersion".split()
    return {**chosen(whole, keys), "TimeoutInMillis": inputs.get("timeoutMilliseconds", TIMEOUT_MILLISECONDS)}


def _route(inputs: Inputs) -> dict[str, Any]:
    keys = "authorizationScopes authorizationType authorizerId routeKey target".split()
    return chosen({"authorizationType": "NONE", **inputs}, keys)


def _told(inputs: Inputs) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if value is not None}
