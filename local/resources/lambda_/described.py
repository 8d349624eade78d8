"""Provider functions about functions."""

from typing import Any

from local.resources.account import EmulatedAccount


def get_function(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.lambda_.get_function: its ARN and tags"""
    name = arguments["functionName"]
    found = account.client("lambda").get_function(FunctionName=name)
    return {**arguments, "id": name, "arn": found["Configuration"]["FunctionArn"], "tags": found.get("Tags", {})}
