"""EC2: networks. The emulator keeps them and enforces nothing: every worker is a process of this machine."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.ec2.endpoints import VpcEndpoint, prefix_list
from local.resources.ec2.groups import DefaultSecurityGroup, SecurityGroup
from local.resources.ec2.networks import Subnet, Vpc
from local.resources.ec2.routes import RouteTable, RouteTableAssociation
from local.resources.resource_type import Call

TYPES = (Vpc, Subnet, RouteTable, RouteTableAssociation, DefaultSecurityGroup, SecurityGroup, VpcEndpoint)


def get_managed_prefix_list(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_managed_prefix_list, by name"""
    found = prefix_list(account, arguments["name"])
    return {**arguments, "id": found["PrefixListId"], "arn": found["PrefixListArn"], "ownerId": found["OwnerId"]}


def get_vpc(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_vpc, by id"""
    return {**arguments, **Vpc(account).look(arguments["id"], {})}


def get_subnet(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_subnet, by id"""
    return {**arguments, **Subnet(account).look(arguments["id"], {})}


FUNCTIONS: Mapping[str, Call] = {
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": get_managed_prefix_list,
    "aws:ec2/getVpc:getVpc": get_vpc,
    "aws:ec2/getSubnet:getSubnet": get_subnet,
}
