"""Aliases, and the environments that are kept ready for them."""

from collections.abc import Mapping
from typing import Any

from local.resources.lambda_.invoking import invoke_arn, revision_of
from local.resources.refusals import lambda_ as refusals
from local.resources.resource_type import Inputs, ResourceType


class Alias(ResourceType):
    """aws.lambda.Alias. Where it leaves a version, the idle environments of that version end."""

    pulumi_type = "aws:lambda/alias:Alias"
    computed = ("arn", "invokeArn")

    def make(self, inputs: Inputs) -> str:
        refusals.of_alias(self.account, "CreateAlias", inputs)
        made = self.client().create_alias(FunctionName=inputs["functionName"], Name=inputs["name"], **_settings(inputs))
        return made["AliasArn"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        *_, function, name = resource_id.split(":")
        found = self.client().get_alias(FunctionName=function, Name=name)
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        routing = {"routingConfig": {"additionalVersionWeights": weights}} if weights else {}
        return {
            "arn": resource_id,
            "invokeArn": invoke_arn(self.account, resource_id),
            "functionName": known.get("functionName", function),
            "name": name,
            "functionVersion": found["FunctionVersion"],
            **routing,
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        refusals.of_alias(self.account, "UpdateAlias", new)
        function = new["functionName"]
        before = revision_of(self.account, function, new["name"])
        self.client().update_alias(FunctionName=function, Name=new["name"], **_settings(new))
        if before is not None and before != revision_of(self.account, function, new["name"]):
            self.account.invocations.recycle(function.rpartition(":")[2], before)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_alias(FunctionName=known["functionName"], Name=known["name"])


class ProvisionedConcurrencyConfig(ResourceType):
    """aws.lambda.ProvisionedConcurrencyConfig"""

    pulumi_type = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"

    def make(self, inputs: Inputs) -> str:
        self._put(inputs)
        return f"{inputs['functionName']},{inputs['qualifier']}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        function, _, qualifier = resource_id.partition(",")
        found = self.client().get_provisioned_concurrency_config(FunctionName=function, Qualifier=qualifier)
        return {
            "functionName": function,
            "qualifier": qualifier,
            "provisionedConcurrentExecutions": found["RequestedProvisionedConcurrentExecutions"],
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._put(new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_provisioned_concurrency_config(
            FunctionName=known["functionName"], Qualifier=known["qualifier"]
        )

    def _put(self, inputs: Inputs) -> None:
        refusals.of_provisioned_concurrency(self.account, inputs)
        self.client().put_provisioned_concurrency_config(
            FunctionName=inputs["functionName"],
            Qualifier=inputs["qualifier"],
            ProvisionedConcurrentExecutions=inputs["provisionedConcurrentExecutions"],
        )


def _settings(inputs: Inputs) -> dict[str, Any]:
    routing = inputs.get("routingConfig") or {}
    weights = routing.get("additionalVersionWeights") or {}
    return {
        "FunctionVersion": inputs["functionVersion"],
        "Description": inputs.get("description", ""),
        "RoutingConfig": {"AdditionalVersionWeights": dict(weights)},
    }
