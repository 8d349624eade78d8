"""VPCs and their subnets."""

import time
from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.ec2 import tags
from local.resources.refusals import ec2 as refusals
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import answered, capital

DNS = ("enableDnsSupport", "enableDnsHostnames")

POLL_SECONDS = 0.1


class Vpc(ResourceType):
    """aws.ec2.Vpc"""

    pulumi_type = "aws:ec2/vpc:Vpc"
    computed = ("arn", "defaultSecurityGroupId", "mainRouteTableId", "ownerId")

    def make(self, inputs: Inputs) -> str:
        vpc = self.client().create_vpc(CidrBlock=inputs["cidrBlock"], **tags.specified("vpc", inputs))["Vpc"]
        self._set_dns(vpc["VpcId"], inputs)
        return vpc["VpcId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        ec2 = self.client()
        [vpc] = ec2.describe_vpcs(VpcIds=[resource_id])["Vpcs"]
        inside = {"Name": "vpc-id", "Values": [resource_id]}
        main = [inside, {"Name": "association.main", "Values": ["true"]}]
        return {
            "arn": self.arn(f"vpc/{resource_id}"),
            "ownerId": vpc["OwnerId"],
            "defaultSecurityGroupId": default_group(self.account, resource_id),
            "mainRouteTableId": ec2.describe_route_tables(Filters=main)["RouteTables"][0]["RouteTableId"],
            **answered(vpc, ["cidrBlock"]),
            **{key: ec2.describe_vpc_attribute(VpcId=resource_id, Attribute=key)[capital(key)]["Value"] for key in DNS},
            **tags.told(vpc),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._set_dns(resource_id, new)
        tags.changed(self.client(), resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_vpc(self.account, resource_id)
        self.client().delete_vpc(VpcId=resource_id)

    def _set_dns(self, resource_id: str, inputs: Inputs) -> None:
        for key in DNS:
            if key in inputs:
                self.client().modify_vpc_attribute(VpcId=resource_id, **{capital(key): {"Value": bool(inputs[key])}})


class Subnet(ResourceType):
    """aws.ec2.Subnet"""

    pulumi_type = "aws:ec2/subnet:Subnet"
    computed = ("arn", "availabilityZoneId", "ownerId")

    def make(self, inputs: Inputs) -> str:
        refusals.of_subnet(self.account, inputs["vpcId"], inputs["cidrBlock"])
        zone = {"AvailabilityZone": inputs["availabilityZone"]} if "availabilityZone" in inputs else {}
        made = self.client().create_subnet(
            VpcId=inputs["vpcId"], CidrBlock=inputs["cidrBlock"], **zone, **tags.specified("subnet", inputs)
        )["Subnet"]
        self._map_public_addresses(made["SubnetId"], inputs)
        return made["SubnetId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        [subnet] = self.client().describe_subnets(SubnetIds=[resource_id])["Subnets"]
        keys = "availabilityZone availabilityZoneId cidrBlock mapPublicIpOnLaunch ownerId vpcId".split()
        return {"arn": subnet["SubnetArn"], **answered(subnet, keys), **tags.told(subnet)}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._map_public_addresses(resource_id, new)
        tags.changed(self.client(), resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        wait_for_interfaces(self.account, subnet=resource_id)
        refusals.of_deleted_subnet(self.account, resource_id)
        self.client().delete_subnet(SubnetId=resource_id)

    def _map_public_addresses(self, resource_id: str, inputs: Inputs) -> None:
        if "mapPublicIpOnLaunch" in inputs:
            value = {"Value": bool(inputs["mapPublicIpOnLaunch"])}
            self.client().modify_subnet_attribute(SubnetId=resource_id, MapPublicIpOnLaunch=value)


def default_group(account: EmulatedAccount, vpc_id: str) -> str:
    """The security group that a VPC is born with."""
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    [found] = account.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return found["GroupId"]


def wait_for_interfaces(account: EmulatedAccount, *, group: str = "", subnet: str = "") -> None:
    """Wait for Lambda to give back the interfaces that have a group, or are in a subnet, as the provider does. One that
    is in use stays, so that waiting would not help: AWS refuses the deletion."""
    while True:
        account.interfaces.sweep()
        held = refusals.interfaces(account, group=group, subnet=subnet)
        if not any(account.interfaces.lingers(each["NetworkInterfaceId"]) for each in held):
            return
        time.sleep(POLL_SECONDS)
