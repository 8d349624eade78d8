"""Aliases, and the environments that are kept ready for them."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.lambda_.invoking import invoke_arn, revision_of
from local.resources.put_type import PutType
from local.resources.refusals import lambda_ as refusals
from local.resources.resource_type import Inputs, ResourceType


class Alias(ResourceType):
    """aws.lambda.Alias. The environments of a version that it leaves end."""

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
        move_alias(self.account, new["functionName"], new["name"], _settings(new))

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_alias(FunctionName=known["functionName"], Name=known["name"])


class ProvisionedConcurrencyConfig(PutType):
    """aws.lambda.ProvisionedConcurrencyConfig"""

    pulumi_type = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"

    def put(self, inputs: Inputs) -> str:
        refusals.of_provisioned_concurrency(self.account, inputs)
        self.client().put_provisioned_concurrency_config(
            FunctionName=inputs["functionName"],
            Qualifier=inputs["qualifier"],
            ProvisionedConcurrentExecutions=inputs["provisionedConcurrentExecutions"],
        )
        return f"{inputs['functionName']},{inputs['qualifier']}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        function, _, qualifier = resource_id.partition(",")
        found = self.client().get_provisioned_concurrency_config(FunctionName=function, Qualifier=qualifier)
        return {
            "functionName": function,
            "qualifier": qualifier,
            "provisionedConcurrentExecutions": found["RequestedProvisionedConcurrentExecutions"],
        }

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_provisioned_concurrency_config(
            FunctionName=known["functionName"], Qualifier=known["qualifier"]
        )


def move_alias(account: EmulatedAccount, function: str, name: str, settings: Mapping[str, Any]) -> None:
    """Let an alias stand for another version; `settings` are the arguments of Lambda's UpdateAlias."""
    account.client("lambda").update_alias(FunctionName=function, Name=name, **settings)
    weights = settings.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    revisions = [revision_of(account, function, version) for version in (settings["FunctionVersion"], *weights)]
    account.invocations.lead(function.rpartition(":")[2], {revision for revision in revisions if revision is not None})


def _settings(inputs: Inputs) -> dict[str, Any]:
    routing = inputs.get("routingConfig") or {}
    weights = routing.get("additionalVersionWeights") or {}
    return {
        "FunctionVersion": inputs["functionVersion"],
        "Description": inputs.get("description", ""),
        "RoutingConfig": {"AdditionalVersionWeights": dict(weights)},
    }
