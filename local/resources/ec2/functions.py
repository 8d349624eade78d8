"""Provider functions about networks."""

from collections.abc import Mapping, Sequence
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.ec2.endpoints import prefix_list
from local.resources.ec2.networks import Subnet, Vpc
from local.resources.resource_type import AbsentError, Call
from local.resources.words import answered, capital

DESTINATIONS = {
    "cidrBlock": "DestinationCidrBlock",
    "ipv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
"""Where a route leads to: the provider's words and EC2's."""

TARGETS = (
    *("carrierGatewayId", "coreNetworkArn", "gatewayId", "instanceId", "localGatewayId", "natGatewayId"),
    *("networkInterfaceId", "odbNetworkArn", "transitGatewayId", "vpcPeeringConnectionId"),
)
"""By way of what, where the provider and EC2 say the same."""

ENDPOINT = "vpce-"
"""How ids of endpoints begin."""


def get_managed_prefix_list(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_managed_prefix_list, by name"""
    found = prefix_list(account, arguments["name"])
    return {**arguments, "id": found["PrefixListId"], "arn": found["PrefixListArn"], "ownerId": found["OwnerId"]}


def get_vpc(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_vpc, by id"""
    return {**arguments, "region": account.region, **Vpc(account).look(arguments["id"], {})}


def get_subnet(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_subnet, by id"""
    return {**arguments, **Subnet(account).look(arguments["id"], {})}


def get_route_tables(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_route_tables, by filters"""
    tables = _route_tables(account, arguments["filters"])
    return {**arguments, "id": account.region, "ids": [each["RouteTableId"] for each in tables]}


def get_route_table(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_route_table, by id. Without the routes that the provider leaves out: those to the VPC itself, to
    gateway endpoints, and what a VPN propagates."""
    tables = _route_tables(account, [{"name": "route-table-id", "values": [arguments["routeTableId"]]}])
    if not tables:
        raise AbsentError("query returned no results. Please change your search criteria and try again")
    [table] = tables
    return {
        **arguments,
        "id": table["RouteTableId"],
        "vpcId": table["VpcId"],
        "routes": [_route(each) for each in table["Routes"] if _is_told(each)],
        "associations": [
            {"main": each["Main"], "routeTableId": each["RouteTableId"], "subnetId": each.get("SubnetId", "")}
            for each in table["Associations"]
        ],
    }


def get_vpc_endpoint(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_vpc_endpoint, by VPC, service and type"""
    keys = ("vpcId", "serviceName", "vpcEndpointType")
    found = [
        each
        for each in account.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        if all(each[capital(key)] == arguments[key] for key in keys if arguments.get(key))
    ]
    if not found:
        raise AbsentError("no matching EC2 VPC Endpoint found")
    if len(found) > 1:
        raise AbsentError(
            "multiple EC2 VPC Endpoints matched; use additional constraints to reduce matches to a single EC2 VPC "
            "Endpoint"
        )
    told = answered(found[0], [*keys, "routeTableIds", "state", "subnetIds"])
    return {**arguments, **told, "id": found[0]["VpcEndpointId"]}


def _route_tables(account: EmulatedAccount, filters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The emulator knows no table by the filter `route-table-id`, but by its argument."""
    asked = {each["name"]: list(each["values"]) for each in filters}
    ids = asked.pop("route-table-id", [])
    words = [{"Name": name, "Values": values} for name, values in asked.items()]
    tables = account.client("ec2").describe_route_tables(Filters=words)["RouteTables"]
    return [each for each in tables if not ids or each["RouteTableId"] in ids]


def _is_told(route: Mapping[str, Any]) -> bool:
    to_endpoint = "DestinationPrefixListId" in route and route.get("GatewayId", "").startswith(ENDPOINT)
    propagated = route.get("Origin") == "EnableVgwRoutePropagation"
    return route.get("GatewayId") != "local" and not to_endpoint and not propagated


def _route(route: Mapping[str, Any]) -> dict[str, str]:
    told = {key: route.get(word, "") for key, word in DESTINATIONS.items()}
    told |= {key: route.get(capital(key), "") for key in TARGETS}
    told["egressOnlyGatewayId"] = route.get("EgressOnlyInternetGatewayId", "")
    gateway = told["gatewayId"]
    endpoint = gateway if gateway.startswith(ENDPOINT) else ""  # of a Gateway Load Balancer
    return {**told, "vpcEndpointId": endpoint, "gatewayId": "" if endpoint else gateway}


FUNCTIONS: Mapping[str, Call] = {
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": get_managed_prefix_list,
    "aws:ec2/getRouteTable:getRouteTable": get_route_table,
    "aws:ec2/getRouteTables:getRouteTables": get_route_tables,
    "aws:ec2/getSubnet:getSubnet": get_subnet,
    "aws:ec2/getVpc:getVpc": get_vpc,
    "aws:ec2/getVpcEndpoint:getVpcEndpoint": get_vpc_endpoint,
}
