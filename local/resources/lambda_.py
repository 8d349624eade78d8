"""Lambda: functions in the emulator, whose invocations go to the workers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handlers.contract import BAKED_PATH
from local.functions import Function, Outcome
from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import capitalized, whole

PROXY_VARIABLE = "MINISTACK_LAMBDA_PROXY_URL"
"""The emulator forwards a function's invocations to the address in this variable of the function's environment."""


def function(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.lambda.Function, of an image"""
    name = account.physical_name(inputs, name)
    client = account.client("lambda")
    variables = dict(inputs.get("environment", {}).get("variables", {}))
    arguments: dict[str, Any] = {
        "FunctionName": name,
        "Role": inputs["role"],
        "PackageType": "Image",
        "Code": {"ImageUri": inputs["imageUri"]},
        "ImageConfig": {"Command": inputs["imageConfig"]["commands"]},
        "MemorySize": whole(inputs.get("memorySize", 128)),
        "Timeout": whole(inputs.get("timeout", 3)),
        "Publish": bool(inputs.get("publish")),
        "Environment": {"Variables": {**variables, PROXY_VARIABLE: account.invoke_api.gateway_url(name)}},
    }
    for key in ("description", "architectures", "ephemeralStorage", "vpcConfig", "loggingConfig"):
        if key in inputs:
            arguments[key[0].upper() + key[1:]] = capitalized(inputs[key])
    if mount := inputs.get("fileSystemConfig"):
        arguments["FileSystemConfigs"] = [capitalized(mount)]
    answer = client.create_function(**arguments)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    arn = f"arn:aws:lambda:{account.region}:{account.account_id}:function:{name}"
    version = answer["Version"] if inputs.get("publish") else "$LATEST"
    # The emulator is not told of it: what Lambda queues for want of concurrency, the emulator loses.
    reserved = whole(inputs.get("reservedConcurrentExecutions", -1))
    account.invocations.register(
        Function(
            name=name,
            arn=arn,
            version=version,
            handler=inputs["imageConfig"]["commands"][0],
            environment=variables,
            memory_mib=arguments["MemorySize"],
            ephemeral_storage_mib=whole(inputs.get("ephemeralStorage", {}).get("size", 512)),
            timeout_seconds=arguments["Timeout"],
            reserved_concurrency=reserved if reserved >= 0 else None,
            mounts=_mounts(account, inputs),
            image_uri=inputs["imageUri"],
        )
    )
    return Created(
        name,
        {
            "name": name,
            "arn": arn,
            "version": version,
            "qualifiedArn": f"{arn}:{version}",
            "invokeArn": _invoke_arn(account, arn),
            "qualifiedInvokeArn": _invoke_arn(account, f"{arn}:{version}"),
            "codeSha256": inputs["imageUri"].rpartition("sha256:")[2],
        },
    )


def alias(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.lambda.Alias"""
    answer = account.client("lambda").create_alias(
        FunctionName=inputs["functionName"],
        Name=account.physical_name(inputs, name),
        FunctionVersion=inputs["functionVersion"],
    )
    arn = answer["AliasArn"]
    return Created(arn, {"name": answer["Name"], "arn": arn, "invokeArn": _invoke_arn(account, arn)})


def permission(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.lambda.Permission"""
    statement = inputs.get("statementId") or account.physical_name({}, "".join(c if c.isalnum() else "-" for c in name))
    arguments = {
        "FunctionName": inputs["function"],
        "StatementId": statement,
        "Action": inputs["action"],
        "Principal": inputs["principal"],
        "SourceArn": inputs.get("sourceArn"),
        "SourceAccount": inputs.get("sourceAccount"),
        "Qualifier": inputs.get("qualifier"),
    }
    account.client("lambda").add_permission(**{key: value for key, value in arguments.items() if value is not None})
    return Created(statement, {"statementId": statement})


def event_invoke_config(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.lambda.FunctionEventInvokeConfig"""
    arguments: dict[str, Any] = {"FunctionName": inputs["functionName"]}
    if qualifier := inputs.get("qualifier"):
        arguments["Qualifier"] = qualifier
    for key in ("maximumRetryAttempts", "maximumEventAgeInSeconds"):
        if key in inputs:
            arguments[key[0].upper() + key[1:]] = whole(inputs[key])
    if "destinationConfig" in inputs:
        arguments["DestinationConfig"] = capitalized(inputs["destinationConfig"])
    account.client("lambda").put_function_event_invoke_config(**arguments)
    return Created(":".join(filter(None, (inputs["functionName"], qualifier))))


def invocation(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.lambda.Invocation: the function runs now. Raises InvocationFailed where it fails."""
    function = inputs["functionName"]
    outcome = account.invocations.invoke(function, inputs["input"].encode(), patient=True)
    if outcome.failed:
        raise InvocationFailed(function, outcome, account.invocations.logs(function).tail())
    qualifier = inputs.get("qualifier", "$LATEST")
    return Created(f"{function}_{qualifier}_{outcome.report.request_id}", {"result": outcome.payload.decode()})


def provisioned_concurrency(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.lambda.ProvisionedConcurrencyConfig"""
    account.client("lambda").put_provisioned_concurrency_config(
        FunctionName=inputs["functionName"],
        Qualifier=inputs["qualifier"],
        ProvisionedConcurrentExecutions=whole(inputs["provisionedConcurrentExecutions"]),
    )
    return Created(f"{inputs['functionName']},{inputs['qualifier']}")


class InvocationFailed(Exception):
    """A function that the deployment called failed; the message has its error and its last lines."""

    def __init__(self, function: str, outcome: Outcome, log: str) -> None:
        error = json.loads(outcome.payload)
        super().__init__(
            f"{function} failed with {error.get('errorType')}: {error.get('errorMessage')}\nIts last lines:\n{log}"
        )


def _mounts(account: EmulatedAccount, inputs: dict[str, Any]) -> dict[str, Path]:
    """What a function sees of this machine: its file system, and what its image holds."""
    mounts: dict[str, Path] = {}
    if mount := inputs.get("fileSystemConfig"):
        mounts[mount["localMountPath"]] = account.file_systems.behind(mount["arn"])
    if baked := account.baked.get(inputs["imageUri"]):
        mounts[BAKED_PATH] = baked
    return mounts


def _invoke_arn(account: EmulatedAccount, arn: str) -> str:
    return f"arn:aws:apigateway:{account.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


RESOURCES: Mapping[str, Create] = {
    "aws:lambda/function:Function": function,
    "aws:lambda/alias:Alias": alias,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": event_invoke_config,
    "aws:lambda/invocation:Invocation": invocation,
    "aws:lambda/permission:Permission": permission,
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": provisioned_concurrency,
}
