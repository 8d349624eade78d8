"""API Gateway: HTTP APIs, served by the emulator's data plane."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import capitalized, whole


def api(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigatewayv2.Api"""
    name = account.physical_name(inputs, name)
    arguments: dict[str, Any] = {"Name": name, "ProtocolType": inputs["protocolType"]}
    if "corsConfiguration" in inputs:
        arguments["CorsConfiguration"] = capitalized(inputs["corsConfiguration"])
    api_id = account.client("apigatewayv2").create_api(**arguments)["ApiId"]
    return Created(
        api_id,
        {
            "name": name,
            "apiEndpoint": f"{account.emulator.url}/_aws/execute-api/{api_id}",
            "arn": f"arn:aws:apigateway:{account.region}::/apis/{api_id}",
            "executionArn": f"arn:aws:execute-api:{account.region}:{account.account_id}:{api_id}",
        },
    )


def integration(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigatewayv2.Integration"""
    answer = account.client("apigatewayv2").create_integration(
        ApiId=inputs["apiId"],
        IntegrationType=inputs["integrationType"],
        IntegrationMethod=inputs.get("integrationMethod", "POST"),
        IntegrationUri=inputs["integrationUri"],
        PayloadFormatVersion=inputs.get("payloadFormatVersion", "1.0"),
        TimeoutInMillis=whole(inputs.get("timeoutMilliseconds", 30_000)),
    )
    return Created(answer["IntegrationId"])


def route(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigatewayv2.Route"""
    answer = account.client("apigatewayv2").create_route(
        ApiId=inputs["apiId"],
        RouteKey=inputs["routeKey"],
        Target=inputs["target"],
        AuthorizationType=inputs.get("authorizationType", "NONE"),
    )
    return Created(answer["RouteId"])


def stage(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigatewayv2.Stage"""
    stage = account.physical_name(inputs, name)
    arguments: dict[str, Any] = {
        "ApiId": inputs["apiId"],
        "StageName": stage,
        "AutoDeploy": bool(inputs.get("autoDeploy")),
    }
    for key in ("defaultRouteSettings", "accessLogSettings"):
        if key in inputs:
            arguments[key[0].upper() + key[1:]] = capitalized(inputs[key])
    account.client("apigatewayv2").create_stage(**arguments)
    endpoint = f"{account.emulator.url}/_aws/execute-api/{inputs['apiId']}"
    return Created(stage, {"name": stage, "invokeUrl": endpoint if stage == "$default" else f"{endpoint}/{stage}"})


RESOURCES: Mapping[str, Create] = {
    "aws:apigatewayv2/api:Api": api,
    "aws:apigatewayv2/integration:Integration": integration,
    "aws:apigatewayv2/route:Route": route,
    "aws:apigatewayv2/stage:Stage": stage,
}
