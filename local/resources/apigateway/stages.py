"""Deployments of REST APIs, and the stages that show them."""

from collections.abc import Mapping
from typing import Any

from local.resources.apigateway import patches
from local.resources.refusals import apigateway as refusals
from local.resources.resource_type import Inputs, ResourceType

LIMITS = {
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
    "metricsEnabled": "metrics/enabled",
}
"""A method's settings in the provider's words and in a patch's."""


class Deployment(ResourceType):
    """aws.apigateway.Deployment"""

    pulumi_type = "aws:apigateway/deployment:Deployment"
    computed = ("createdDate",)

    def make(self, inputs: Inputs) -> str:
        made = self.client().create_deployment(restApiId=inputs["restApi"], description=inputs.get("description", ""))
        return made["id"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_deployment(restApiId=known["restApi"], deploymentId=resource_id)
        return {"createdDate": found["createdDate"].isoformat()}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().update_deployment(
            restApiId=new["restApi"],
            deploymentId=resource_id,
            patchOperations=[patches.replace("/description", new.get("description", ""))],
        )

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_deployment(self.account, known["restApi"], resource_id)
        self.client().delete_deployment(restApiId=known["restApi"], deploymentId=resource_id)


class Stage(ResourceType):
    """aws.apigateway.Stage"""

    pulumi_type = "aws:apigateway/stage:Stage"
    computed = ("arn", "executionArn", "invokeUrl", "webAclArn")

    def make(self, inputs: Inputs) -> str:
        api, stage = inputs["restApi"], inputs["stageName"]
        refusals.of_rest_stage(self.account, api, stage, logged="accessLogSettings" in inputs)
        self.client().create_stage(
            restApiId=api, stageName=stage, deploymentId=inputs["deployment"], tags=inputs.get("tags") or {}
        )
        self._set(inputs, {})
        return f"ags-{api}-{stage}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        api, stage = _place(resource_id, known)
        found = self.client().get_stage(restApiId=api, stageName=stage)
        logs = found.get("accessLogSettings")
        return {
            "arn": self._arn_of(api, stage),
            "executionArn": self.arn(f"{api}/{stage}", "execute-api"),
            "invokeUrl": f"{self.account.emulator.url}/_aws/execute-api/{api}/{stage}",
            "webAclArn": found.get("webAclArn", ""),
            "restApi": api,
            "stageName": stage,
            "deployment": found["deploymentId"],
            "xrayTracingEnabled": found["tracingEnabled"],
            **({"accessLogSettings": logs} if logs else {}),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._set(new, old)
        patches.retag(self.client(), str(old["arn"]), old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        api, stage = known["restApi"], known["stageName"]
        refusals.of_mapped(self.account, "DeleteStage", api, stage)
        refusals.of_planned_stage(self.account, api, stage)
        self.client().delete_stage(restApiId=api, stageName=stage)

    def _set(self, inputs: Inputs, old: Inputs) -> None:
        operations = [
            patches.replace("/deploymentId", inputs["deployment"]),
            patches.replace("/tracingEnabled", bool(inputs.get("xrayTracingEnabled"))),
        ]
        if logs := inputs.get("accessLogSettings"):
            operations += [patches.replace(f"/accessLogSettings/{key}", value) for key, value in logs.items()]
        elif old.get("accessLogSettings"):
            operations.append(patches.remove("/accessLogSettings"))
        self.client().update_stage(
            restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=operations
        )

    def _arn_of(self, api: str, stage: str) -> str:
        return f"arn:aws:apigateway:{self.account.region}::/restapis/{api}/stages/{stage}"


class MethodSettings(ResourceType):
    """aws.apigateway.MethodSettings"""

    pulumi_type = "aws:apigateway/methodSettings:MethodSettings"

    def make(self, inputs: Inputs) -> str:
        self._set(inputs)
        return f"{inputs['restApi']}-{inputs['stageName']}-{inputs['methodPath']}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        found = self.client().get_stage(restApiId=known["restApi"], stageName=known["stageName"])
        settings = found["methodSettings"].get(known["methodPath"])
        given = known["settings"]
        return settings and {"settings": {**given, **{key: settings[key] for key in LIMITS if key in given}}}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._set(new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self._patch(known, [patches.remove(f"/{known['methodPath']}")])

    def _set(self, inputs: Inputs) -> None:
        method = inputs["methodPath"]
        self._patch(
            inputs,
            [patches.replace(f"/{method}/{LIMITS[key]}", value) for key, value in inputs["settings"].items()],
        )

    def _patch(self, inputs: Inputs, operations: list[dict[str, str]]) -> None:
        self.client().update_stage(
            restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=operations
        )


class Account(ResourceType):
    """aws.apigateway.Account: one for the whole account, which deleting the resource leaves as it is."""

    pulumi_type = "aws:apigateway/account:Account"
    computed = ("apiKeyVersion", "features", "throttleSettings")

    ID = "api-gateway-account"

    def make(self, inputs: Inputs) -> str:
        self._set(inputs)
        return self.ID

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_account()
        role = {"cloudwatchRoleArn": found["cloudwatchRoleArn"]} if found.get("cloudwatchRoleArn") else {}
        return {**{key: found[key] for key in self.computed}, **role}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._set(new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        pass

    def _set(self, inputs: Inputs) -> None:
        operation = patches.replace("/cloudwatchRoleArn", inputs.get("cloudwatchRoleArn", ""))
        self.client().update_account(patchOperations=[operation])


def _place(resource_id: str, known: Inputs) -> tuple[str, str]:
    """The API and the name of a stage, also where only its id is known."""
    if "restApi" in known:
        return known["restApi"], known["stageName"]
    _, api, stage = resource_id.split("-", 2)
    return api, stage
