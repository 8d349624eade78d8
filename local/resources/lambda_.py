"""Lambda: functions in the emulator, whose invocations go to the workers."""

from collections.abc import Mapping
from typing import Any

from local.functions import Function
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
    for key in ("description", "architectures", "ephemeralStorage"):
        if key in inputs:
            arguments[key[0].upper() + key[1:]] = capitalized(inputs[key])
    answer = client.create_function(**arguments)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    arn = f"arn:aws:lambda:{account.region}:{account.account_id}:function:{name}"
    version = answer["Version"] if inputs.get("publish") else "$LATEST"
    reserved = whole(inputs.get("reservedConcurrentExecutions", -1))
    if reserved >= 0:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
    account.invocations.register(
        Function(
            name=name,
            arn=arn,
            version=version,
            handler=inputs["imageConfig"]["commands"][0],
            environment=variables,
            memory_mib=arguments["MemorySize"],
            timeout_seconds=arguments["Timeout"],
            reserved_concurrency=reserved if reserved >= 0 else None,
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
        "Qualifier": inputs.get("qualifier"),
    }
    account.client("lambda").add_permission(**{key: value for key, value in arguments.items() if value is not None})
    return Created(statement, {"statementId": statement})


def _invoke_arn(account: EmulatedAccount, arn: str) -> str:
    return f"arn:aws:apigateway:{account.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


RESOURCES: Mapping[str, Create] = {
    "aws:lambda/function:Function": function,
    "aws:lambda/alias:Alias": alias,
    "aws:lambda/permission:Permission": permission,
}
