"""Names of one's own for APIs of both kinds. No certificate is looked at, and no name leads here."""

from collections.abc import Mapping
from typing import Any

from local.resources.apigatewayv2.apis import retag
from local.resources.refusals import apigateway as refusals
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import answered, capitalized


class DomainName(ResourceType):
    """aws.apigatewayv2.DomainName"""

    pulumi_type = "aws:apigatewayv2/domainName:DomainName"
    computed = ("apiMappingSelectionExpression", "arn")

    def make(self, inputs: Inputs) -> str:
        refusals.of_domain(self.account, inputs["domainName"])
        tags = {"Tags": inputs["tags"]} if inputs.get("tags") else {}
        self.client().create_domain_name(DomainName=inputs["domainName"], **self._configurations(inputs), **tags)
        return inputs["domainName"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_domain_name(DomainName=resource_id)
        [made] = found["DomainNameConfigurations"]
        configuration = {
            **answered(made, ("certificateArn", "endpointType", "hostedZoneId", "securityPolicy")),
            "targetDomainName": made["ApiGatewayDomainName"],
        }
        return {
            "arn": f"arn:aws:apigateway:{self.account.region}::/domainnames/{resource_id}",
            "apiMappingSelectionExpression": found["ApiMappingSelectionExpression"],
            "domainName": resource_id,
            "domainNameConfiguration": configuration,
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().update_domain_name(DomainName=resource_id, **self._configurations(new))
        retag(self.client(), str(old["arn"]), old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_domain_name(DomainName=resource_id)

    def _configurations(self, inputs: Inputs) -> dict[str, Any]:
        keys = ("certificateArn", "endpointType", "securityPolicy")
        given = {key: value for key, value in inputs["domainNameConfiguration"].items() if key in keys}
        return {"DomainNameConfigurations": [capitalized(given)]}


class ApiMapping(ResourceType):
    """aws.apigatewayv2.ApiMapping"""

    pulumi_type = "aws:apigatewayv2/apiMapping:ApiMapping"

    def make(self, inputs: Inputs) -> str:
        made = self.client().create_api_mapping(DomainName=inputs["domainName"], **_mapping(inputs))
        return made["ApiMappingId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_api_mapping(DomainName=known["domainName"], ApiMappingId=resource_id)
        return answered(found, ("apiId", "apiMappingKey", "stage"))

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().update_api_mapping(DomainName=new["domainName"], ApiMappingId=resource_id, **_mapping(new))

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_api_mapping(DomainName=known["domainName"], ApiMappingId=resource_id)


def _mapping(inputs: Inputs) -> dict[str, Any]:
    return {
        "ApiId": inputs["apiId"],
        "ApiMappingKey": inputs.get("apiMappingKey", ""),
        "Stage": inputs["stage"],
    }
