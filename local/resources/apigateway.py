"""API Gateway: REST APIs, served by the emulator's data plane. Their OpenAPI document is read here: the emulator's own
import knows no `x-amazon-apigateway-any-method`."""

import json
from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import whole

ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"


def rest_api(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigateway.RestApi, of an OpenAPI document whose operations are functions"""
    name, gateway = account.physical_name(inputs, name), account.client("apigateway")
    answer = gateway.create_rest_api(
        name=name,
        binaryMediaTypes=inputs.get("binaryMediaTypes", []),
        endpointConfiguration={"types": [inputs["endpointConfiguration"]["types"]]},
    )
    document = json.loads(inputs["body"])
    resources = {"": answer["rootResourceId"]}
    for path, operations in document["paths"].items():
        resource = _resource(gateway, answer["id"], resources, path)
        for method, operation in operations.items():
            _operate(gateway, answer["id"], resource, "ANY" if method == ANY_METHOD else method.upper(), operation)
    execution_arn = f"arn:aws:execute-api:{account.region}:{account.account_id}:{answer['id']}"
    arn = f"arn:aws:apigateway:{account.region}::/restapis/{answer['id']}"
    return Created(
        answer["id"],
        {"name": name, "arn": arn, "executionArn": execution_arn, "rootResourceId": answer["rootResourceId"]},
    )


def _resource(gateway: Any, api_id: str, resources: dict[str, str], path: str) -> str:
    """The resource at a path; those on the way to it are made once."""
    path = path.rstrip("/")
    if path not in resources:
        parent, _, part = path.rpartition("/")
        made = gateway.create_resource(
            restApiId=api_id, parentId=_resource(gateway, api_id, resources, parent), pathPart=part
        )
        resources[path] = made["id"]
    return resources[path]


def _operate(gateway: Any, api_id: str, resource: str, method: str, operation: dict[str, Any]) -> None:
    place = {"restApiId": api_id, "resourceId": resource, "httpMethod": method}
    gateway.put_method(**place, authorizationType="NONE")
    integration = operation[INTEGRATION]
    gateway.put_integration(
        **place,
        type=integration["type"].upper(),
        integrationHttpMethod=integration["httpMethod"],
        uri=integration["uri"],
        timeoutInMillis=whole(integration["timeoutInMillis"]),
    )


def deployment(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigateway.Deployment"""
    answer = account.client("apigateway").create_deployment(restApiId=inputs["restApi"])
    return Created(answer["id"])


def stage(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigateway.Stage"""
    api_id, stage = inputs["restApi"], inputs["stageName"]
    account.client("apigateway").create_stage(restApiId=api_id, stageName=stage, deploymentId=inputs["deployment"])
    return Created(
        f"ags-{api_id}-{stage}",
        {
            "arn": f"arn:aws:apigateway:{account.region}::/restapis/{api_id}/stages/{stage}",
            "executionArn": f"arn:aws:execute-api:{account.region}:{account.account_id}:{api_id}/{stage}",
            "invokeUrl": f"{account.emulator.url}/_aws/execute-api/{api_id}/{stage}",
        },
    )


def method_settings(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigateway.MethodSettings"""
    words = {
        "throttlingBurstLimit": "throttling/burstLimit",
        "throttlingRateLimit": "throttling/rateLimit",
        "metricsEnabled": "metrics/enabled",
    }
    operations = [
        {"op": "replace", "path": f"/{inputs['methodPath']}/{words[key]}", "value": json.dumps(whole(value))}
        for key, value in inputs["settings"].items()
    ]
    account.client("apigateway").update_stage(
        restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=operations
    )
    return Created(f"{inputs['restApi']}-{inputs['stageName']}-{inputs['methodPath']}")


def usage_plan(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigateway.UsagePlan"""
    name = account.physical_name(inputs, name)
    stages = [{"apiId": each["apiId"], "stage": each["stage"]} for each in inputs.get("apiStages", ())]
    arguments: dict[str, Any] = {"name": name, "apiStages": stages}
    if throttle := inputs.get("throttleSettings"):
        arguments["throttle"] = {key: whole(value) for key, value in throttle.items()}
    plan_id = account.client("apigateway").create_usage_plan(**arguments)["id"]
    arn = f"arn:aws:apigateway:{account.region}::/usageplans/{plan_id}"
    return Created(plan_id, {"name": name, "arn": arn})


def api_key(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigateway.ApiKey"""
    name = account.physical_name(inputs, name)
    answer = account.client("apigateway").create_api_key(name=name, enabled=True)
    arn = f"arn:aws:apigateway:{account.region}::/apikeys/{answer['id']}"
    return Created(answer["id"], {"name": name, "arn": arn, "value": answer["value"]})


def usage_plan_key(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigateway.UsagePlanKey"""
    account.client("apigateway").create_usage_plan_key(
        usagePlanId=inputs["usagePlanId"], keyId=inputs["keyId"], keyType=inputs["keyType"]
    )
    return Created(inputs["keyId"])


def logs_account(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.apigateway.Account"""
    operations = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": inputs["cloudwatchRoleArn"]}]
    account.client("apigateway").update_account(patchOperations=operations)
    return Created("api-gateway-account")


RESOURCES: Mapping[str, Create] = {
    "aws:apigateway/account:Account": logs_account,
    "aws:apigateway/apiKey:ApiKey": api_key,
    "aws:apigateway/deployment:Deployment": deployment,
    "aws:apigateway/methodSettings:MethodSettings": method_settings,
    "aws:apigateway/restApi:RestApi": rest_api,
    "aws:apigateway/stage:Stage": stage,
    "aws:apigateway/usagePlan:UsagePlan": usage_plan,
    "aws:apigateway/usagePlanKey:UsagePlanKey": usage_plan_key,
}
