"""HTTP APIs and their stages."""

from collections.abc import Mapping
from typing import Any

from local.resources.refusals import apigateway as refusals
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import answered, chosen, tag_changes


class Api(ResourceType):
    """aws.apigatewayv2.Api. The emulator serves it on a path of its own endpoint, in place of a host name."""

    pulumi_type = "aws:apigatewayv2/api:Api"
    computed = ("apiEndpoint", "arn", "executionArn")

    def make(self, inputs: Inputs) -> str:
        tags = {"Tags": inputs["tags"]} if inputs.get("tags") else {}
        keys = "corsConfiguration description disableExecuteApiEndpoint name protocolType version".split()
        return self.client().create_api(**chosen(inputs, keys), **tags)["ApiId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_api(ApiId=resource_id)
        arn = f"arn:aws:apigateway:{self.account.region}::/apis/{resource_id}"
        keys = "corsConfiguration description disableExecuteApiEndpoint name protocolType".split()
        return {
            "apiEndpoint": f"{self.account.emulator.url}/_aws/execute-api/{resource_id}",
            "arn": arn,
            "executionArn": self.arn(resource_id, "execute-api"),
            **answered(found, keys),
            "tags": self.client().get_tags(ResourceArn=arn)["Tags"],
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        gateway = self.client()
        whole = {"description": "", "disableExecuteApiEndpoint": False, **new}
        keys = "corsConfiguration description disableExecuteApiEndpoint name".split()
        gateway.update_api(ApiId=resource_id, **chosen(whole, keys))
        if old.get("corsConfiguration") and not new.get("corsConfiguration"):
            gateway.delete_cors_configuration(ApiId=resource_id)
        retag(gateway, str(old["arn"]), old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_mapped(self.account, "DeleteApi", resource_id)
        self.client().delete_api(ApiId=resource_id)


class Stage(ResourceType):
    """aws.apigatewayv2.Stage"""

    pulumi_type = "aws:apigatewayv2/stage:Stage"
    computed = ("arn", "executionArn", "invokeUrl")

    def make(self, inputs: Inputs) -> str:
        refusals.of_stage(self.account, inputs["apiId"], inputs["name"])
        tags = {"Tags": inputs["tags"]} if inputs.get("tags") else {}
        self.client().create_stage(ApiId=inputs["apiId"], StageName=inputs["name"], **_settings(inputs), **tags)
        return inputs["name"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        api = known["apiId"]
        found = self.client().get_stage(ApiId=api, StageName=resource_id)
        endpoint = f"{self.account.emulator.url}/_aws/execute-api/{api}"
        arn = f"arn:aws:apigateway:{self.account.region}::/apis/{api}/stages/{resource_id}"
        return {
            "arn": arn,
            "executionArn": self.arn(f"{api}/{resource_id}", "execute-api"),
            "invokeUrl": endpoint if resource_id == "$default" else f"{endpoint}/{resource_id}",
            "name": resource_id,
            **answered(found, ("accessLogSettings", "autoDeploy", "defaultRouteSettings", "description")),
            "tags": self.client().get_tags(ResourceArn=arn)["Tags"],
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        api = new["apiId"]
        if old.get("accessLogSettings") and not new.get("accessLogSettings"):
            self.client().delete_access_log_settings(ApiId=api, StageName=resource_id)
        self.client().update_stage(ApiId=api, StageName=resource_id, **_settings({"defaultRouteSettings": {}, **new}))
        retag(self.client(), str(old["arn"]), old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_mapped(self.account, "DeleteStage", known["apiId"], resource_id)
        self.client().delete_stage(ApiId=known["apiId"], StageName=resource_id)


def retag(gateway: Any, arn: str, old: Inputs, new: Inputs) -> None:
    """Give a resource its new tags in place of its old ones."""
    gone, given = tag_changes(old, new)
    if gone:
        gateway.untag_resource(ResourceArn=arn, TagKeys=gone)
    if given:
        gateway.tag_resource(ResourceArn=arn, Tags=given)


def _settings(inputs: Inputs) -> dict[str, Any]:
    return chosen(
        {"autoDeploy": False, "description": "", **inputs},
        ("accessLogSettings", "autoDeploy", "defaultRouteSettings", "description"),
    )
