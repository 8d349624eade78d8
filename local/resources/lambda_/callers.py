"""Who may call a function, and what becomes of an event that fails."""

import json
from collections.abc import Mapping
from typing import Any

from local.gateway_permissions import PRINCIPALS, function_name
from local.resources.put_type import PutType
from local.resources.refusals.s3 import OF_S3
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import camelized, capitalized, chosen

RETRIES, AGE_SECONDS = 2, 21_600
"""What Lambda does where nothing is said."""


class Permission(ResourceType):
    """aws.lambda.Permission"""

    pulumi_type = "aws:lambda/permission:Permission"

    def make(self, inputs: Inputs) -> str:
        keys = "action eventSourceToken principal qualifier sourceAccount sourceArn statementId".split()
        self.client().add_permission(FunctionName=inputs["function"], **chosen(inputs, keys))
        if inputs["principal"] == OF_S3:
            self.account.bucket_events.permit(function_name(inputs["function"]), inputs["statementId"])
        if inputs["principal"] in PRINCIPALS:
            pattern = inputs.get("sourceArn", "*")
            self.account.invoke_api.permissions.add(inputs["function"], inputs["statementId"], pattern)
        return inputs["statementId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        if "function" not in known:
            raise ValueError("a permission is imported by its function and its statement, which the local stack lacks")
        qualifier = {"Qualifier": known["qualifier"]} if known.get("qualifier") else {}
        policy = json.loads(self.client().get_policy(FunctionName=known["function"], **qualifier)["Policy"])
        found = next((each for each in policy["Statement"] if each["Sid"] == resource_id), None)
        return found and {"statementId": resource_id, "action": found["Action"]}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().remove_permission(
            FunctionName=known["function"], StatementId=resource_id, **chosen(known, ("qualifier",))
        )
        self.account.invoke_api.permissions.remove(known["function"], resource_id)


class FunctionEventInvokeConfig(PutType):
    """aws.lambda.FunctionEventInvokeConfig"""

    pulumi_type = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"

    def put(self, inputs: Inputs) -> str:
        limits = {
            "MaximumRetryAttempts": inputs.get("maximumRetryAttempts", RETRIES),
            "MaximumEventAgeInSeconds": inputs.get("maximumEventAgeInSeconds", AGE_SECONDS),
        }
        self.client().put_function_event_invoke_config(
            FunctionName=inputs["functionName"],
            DestinationConfig=capitalized(inputs.get("destinationConfig") or {}),
            **limits,
            **chosen(inputs, ("qualifier",)),
        )
        return ":".join(filter(None, (inputs["functionName"], inputs.get("qualifier"))))

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        function, _, qualifier = resource_id.partition(":")
        of = {"Qualifier": qualifier} if qualifier else {}
        found = self.client().get_function_event_invoke_config(FunctionName=function, **of)
        destinations = {
            key: value
            for key, value in camelized(found.get("DestinationConfig") or {}).items()
            if value.get("destination")
        }
        return {
            "functionName": function,
            **({"qualifier": qualifier} if qualifier else {}),
            "maximumRetryAttempts": found.get("MaximumRetryAttempts", RETRIES),
            **_told("maximumEventAgeInSeconds", found.get("MaximumEventAgeInSeconds", AGE_SECONDS), known),
            **({"destinationConfig": destinations} if destinations else {}),
        }

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_function_event_invoke_config(
            FunctionName=known["functionName"], **chosen(known, ("qualifier",))
        )


def _told(key: str, value: Any, known: Inputs) -> dict[str, Any]:
    """A property, left out where the program does not set it and it has Lambda's default."""
    return {key: value} if key in known or value != AGE_SECONDS else {}
