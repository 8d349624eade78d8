"""API keys, and the plans by which they may call stages of REST APIs."""

from collections.abc import Mapping
from typing import Any

from local.resources.apigateway import patches
from local.resources.refusals import apigateway as refusals
from local.resources.resource_type import Inputs, ResourceType

DESCRIPTION = "Managed by Pulumi"
"""What the provider writes where the program describes nothing."""


class ApiKey(ResourceType):
    """aws.apigateway.ApiKey"""

    pulumi_type = "aws:apigateway/apiKey:ApiKey"
    computed = ("arn", "createdDate", "value")

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        return {"description": DESCRIPTION, **inputs}

    def make(self, inputs: Inputs) -> str:
        given = {"value": inputs["value"]} if inputs.get("value") else {}
        made = self.client().create_api_key(
            name=inputs["name"],
            description=inputs["description"],
            enabled=bool(inputs.get("enabled", True)),
            tags=inputs.get("tags") or {},
            **given,
        )
        return made["id"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_api_key(apiKey=resource_id, includeValue=True)
        return {
            "arn": _arn(self, f"apikeys/{resource_id}"),
            "createdDate": found["createdDate"].isoformat(),
            "value": found["value"],
            **{key: found[key] for key in ("description", "enabled", "name", "tags")},
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        operations = [
            patches.replace("/name", new["name"]),
            patches.replace("/description", new["description"]),
            patches.replace("/enabled", bool(new.get("enabled", True))),
        ]
        self.client().update_api_key(apiKey=resource_id, patchOperations=operations)
        patches.retag(self.client(), str(old["arn"]), old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_api_key(apiKey=resource_id)


class UsagePlan(ResourceType):
    """aws.apigateway.UsagePlan"""

    pulumi_type = "aws:apigateway/usagePlan:UsagePlan"
    computed = ("arn",)

    def make(self, inputs: Inputs) -> str:
        throttle = {"throttle": dict(inputs["throttleSettings"])} if inputs.get("throttleSettings") else {}
        stages = [{"apiId": api, "stage": stage} for api, stage in _stages(inputs)]
        made = self.client().create_usage_plan(
            name=inputs["name"], apiStages=stages, tags=inputs.get("tags") or {}, **throttle
        )
        return made["id"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_usage_plan(usagePlanId=resource_id)
        throttle = {"throttleSettings": found["throttle"]} if found.get("throttle") else {}
        return {
            "arn": _arn(self, f"usageplans/{resource_id}"),
            "name": found["name"],
            "apiStages": [{key: each[key] for key in ("apiId", "stage")} for each in found.get("apiStages", ())],
            **throttle,
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        before, after = _stages(old), _stages(new)
        operations = [
            patches.replace("/name", new["name"]),
            *({"op": "add", "path": "/apiStages", "value": ":".join(each)} for each in after if each not in before),
            *(patches.remove("/apiStages", ":".join(each)) for each in before if each not in after),
            *(patches.replace(f"/throttle/{key}", value) for key, value in (new.get("throttleSettings") or {}).items()),
        ]
        if old.get("throttleSettings") and not new.get("throttleSettings"):
            operations.append(patches.remove("/throttle"))
        self.client().update_usage_plan(usagePlanId=resource_id, patchOperations=operations)

    def remove(self, resource_id: str, known: Inputs) -> None:
        """The provider takes the plan's stages away first, as AWS wants it."""
        operations = [patches.remove("/apiStages", ":".join(each)) for each in _stages(known)]
        if operations:
            self.client().update_usage_plan(usagePlanId=resource_id, patchOperations=operations)
        refusals.of_deleted_usage_plan(self.account, resource_id)
        self.client().delete_usage_plan(usagePlanId=resource_id)


class UsagePlanKey(ResourceType):
    """aws.apigateway.UsagePlanKey"""

    pulumi_type = "aws:apigateway/usagePlanKey:UsagePlanKey"
    computed = ("name", "value")

    def make(self, inputs: Inputs) -> str:
        self.client().create_usage_plan_key(
            usagePlanId=inputs["usagePlanId"], keyId=inputs["keyId"], keyType=inputs["keyType"]
        )
        return inputs["keyId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_usage_plan_key(usagePlanId=known["usagePlanId"], keyId=resource_id)
        return {"name": found["name"], "value": found["value"]}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_usage_plan_key(usagePlanId=known["usagePlanId"], keyId=resource_id)


def _stages(inputs: Inputs) -> list[tuple[str, str]]:
    return [(each["apiId"], each["stage"]) for each in inputs.get("apiStages") or ()]


def _arn(of: ResourceType, resource: str) -> str:
    return f"arn:aws:apigateway:{of.account.region}::/{resource}"
