"""aws.apigateway.RestApi, of an OpenAPI document whose operations are functions."""

import json
from collections.abc import Mapping
from typing import Any

from local.resources.apigateway import document, patches
from local.resources.refusals import apigateway as refusals
from local.resources.resource_type import Inputs, ResourceType


class RestApi(ResourceType):
    """A regional API."""

    pulumi_type = "aws:apigateway/restApi:RestApi"
    computed = ("arn", "createdDate", "executionArn", "rootResourceId")

    def make(self, inputs: Inputs) -> str:
        gateway = self.client()
        endpoint = inputs.get("endpointConfiguration") or {"types": "EDGE"}
        made = gateway.create_rest_api(
            name=inputs["name"],
            description=inputs.get("description", ""),
            binaryMediaTypes=inputs.get("binaryMediaTypes", []),
            disableExecuteApiEndpoint=bool(inputs.get("disableExecuteApiEndpoint")),
            endpointConfiguration={"types": [endpoint["types"]]},
            tags=inputs.get("tags") or {},
        )
        self._put_body(made["id"], inputs)
        return made["id"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_rest_api(restApiId=resource_id)
        described = {"description": found["description"]} if found.get("description") else {}
        return {
            "arn": f"arn:aws:apigateway:{self.account.region}::/restapis/{resource_id}",
            "createdDate": found["createdDate"].isoformat(),
            "executionArn": self.arn(resource_id, "execute-api"),
            "rootResourceId": found["rootResourceId"],
            "name": found["name"],
            "binaryMediaTypes": found.get("binaryMediaTypes", []),
            "disableExecuteApiEndpoint": found["disableExecuteApiEndpoint"],
            **described,
            "tags": found.get("tags", {}),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        gateway = self.client()
        before, after = set(old.get("binaryMediaTypes") or ()), set(new.get("binaryMediaTypes") or ())
        operations = [
            patches.replace("/name", new["name"]),
            patches.replace("/description", new.get("description", "")),
            patches.replace("/disableExecuteApiEndpoint", bool(new.get("disableExecuteApiEndpoint"))),
            *({"op": "add", "path": f"/binaryMediaTypes/{_escaped(each)}"} for each in sorted(after - before)),
            *(patches.remove(f"/binaryMediaTypes/{_escaped(each)}") for each in sorted(before - after)),
        ]
        gateway.update_rest_api(restApiId=resource_id, patchOperations=operations)
        self._put_body(resource_id, new)
        patches.retag(gateway, str(old["arn"]), old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_mapped(self.account, "DeleteRestApi", resource_id)
        self.client().delete_rest_api(restApiId=resource_id)

    def _put_body(self, resource_id: str, inputs: Inputs) -> None:
        if body := inputs.get("body"):
            document.put(self.client(), resource_id, json.loads(body))


def _escaped(media_type: str) -> str:
    return media_type.replace("~", "~0").replace("/", "~1")
