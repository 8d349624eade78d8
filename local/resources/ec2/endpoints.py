"""VPC endpoints: ways from a VPC to AWS's services."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.ec2 import tags
from local.resources.refusals import ec2 as refusals
from local.resources.resource_type import Inputs, ResourceType, the_only
from local.resources.words import answered, chosen

LISTS = ("routeTableIds", "securityGroupIds", "subnetIds")


class VpcEndpoint(ResourceType):
    """aws.ec2.VpcEndpoint. The emulator tells neither an endpoint's policy nor its security groups."""

    pulumi_type = "aws:ec2/vpcEndpoint:VpcEndpoint"
    computed = ("arn", "ownerId", "prefixListId", "state")

    def make(self, inputs: Inputs) -> str:
        refusals.of_endpoint(self.account, inputs)
        policy = {"PolicyDocument": inputs["policy"]} if inputs.get("policy") else {}
        keys = ("vpcId", "serviceName", "vpcEndpointType", "privateDnsEnabled", *LISTS)
        made = self.client().create_vpc_endpoint(
            **chosen(inputs, keys), **policy, **tags.specified("vpc-endpoint", inputs)
        )["VpcEndpoint"]
        self._keep_interfaces(made["VpcEndpointId"], inputs)
        return made["VpcEndpointId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        endpoint = the_only(self.client().describe_vpc_endpoints(VpcEndpointIds=[resource_id])["VpcEndpoints"])
        gateway = endpoint["VpcEndpointType"] == "Gateway"
        name = endpoint["ServiceName"]
        return {
            "arn": self.arn(f"vpc-endpoint/{resource_id}"),
            "prefixListId": prefix_list(self.account, name)["PrefixListId"] if gateway else "",
            **answered(endpoint, "ownerId serviceName state vpcEndpointType vpcId".split()),
            **answered(endpoint, ["routeTableIds"] if gateway else ["subnetIds"]),
            **tags.told(endpoint),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        arguments: dict[str, Any] = {}
        for key, word in zip(LISTS, ("RouteTableIds", "SecurityGroupIds", "SubnetIds"), strict=True):
            before, after = set(old.get(key) or ()), set(new.get(key) or ())
            if added := sorted(after - before):
                arguments[f"Add{word}"] = added
            if gone := sorted(before - after):
                arguments[f"Remove{word}"] = gone
        if new.get("policy"):
            arguments["PolicyDocument"] = new["policy"]
        if "privateDnsEnabled" in new:
            arguments["PrivateDnsEnabled"] = bool(new["privateDnsEnabled"])
        self.client().modify_vpc_endpoint(VpcEndpointId=resource_id, **arguments)
        tags.changed(self.client(), resource_id, old, new)
        self._keep_interfaces(resource_id, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_vpc_endpoints(VpcEndpointIds=[resource_id])
        self.account.interfaces.disown(resource_id)

    def _keep_interfaces(self, resource_id: str, inputs: Inputs) -> None:
        if inputs.get("vpcEndpointType") == "Interface":
            self.account.interfaces.own(
                resource_id, inputs.get("subnetIds") or [], inputs.get("securityGroupIds") or []
            )


def prefix_list(account: EmulatedAccount, name: str) -> dict[str, Any]:
    """The addresses of a service, such as `com.amazonaws.eu-central-1.s3`."""
    filters = [{"Name": "prefix-list-name", "Values": [name]}]
    [found] = account.client("ec2").describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    return found
