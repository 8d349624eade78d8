"""What AWS says of the network that `vpcId` and `subnetIds` name. It is only read."""

from collections.abc import Sequence

import pulumi_aws as aws
from pulumi_aws.ec2.outputs import GetRouteTableRouteResult

from components.configuration.rules.found_network import FoundNetwork, FoundSubnet, WaysToS3

NOT_THERE = "no matching"
"""What the provider says where AWS has nothing of what was looked for."""


class NoNetworkError(Exception):
    """AWS does not show the VPC or a subnet. The message is AWS's."""


def found_network(vpc_id: str, subnet_ids: Sequence[str], region: str | None) -> FoundNetwork:
    """Look at a VPC and its subnets. Raises NoNetworkError if AWS does not show one of them."""
    try:
        vpc = aws.ec2.get_vpc(id=vpc_id, region=region)
        subnets = [aws.ec2.get_subnet(id=subnet_id, region=region) for subnet_id in subnet_ids]
    except Exception as error:  # the SDK raises nothing narrower where AWS refuses
        raise NoNetworkError(str(error)) from error
    return FoundNetwork(
        vpc_id=vpc_id,
        resolves_names=vpc.enable_dns_support,
        gives_names=vpc.enable_dns_hostnames,
        subnets=[FoundSubnet(id=each.id, vpc_id=each.vpc_id, zone=each.availability_zone) for each in subnets],
        ways_to_s3=_ways_to_s3(vpc, subnet_ids),
    )


def _ways_to_s3(vpc: aws.ec2.GetVpcResult, subnet_ids: Sequence[str]) -> WaysToS3 | None:
    """None where AWS does not show them: whoever deploys may do without them."""
    service = f"com.amazonaws.{vpc.region}.s3"
    try:
        tables = _route_tables(vpc, subnet_ids)
        endpoint = _gateway_endpoint(vpc, service)
    except Exception:
        return None
    return WaysToS3(
        service=service,
        tables={subnet_id: table.id for subnet_id, table in tables.items()},
        leading_out={table.id for table in tables.values() if any(map(_leads_out, table.routes))},
        endpoint_id=endpoint and endpoint.id,
        endpoint_tables=frozenset(endpoint.route_table_ids if endpoint else ()),
    )


def _route_tables(vpc: aws.ec2.GetVpcResult, subnet_ids: Sequence[str]) -> dict[str, aws.ec2.GetRouteTableResult]:
    """The table of each subnet: the VPC's main one where it has none of its own."""
    of_subnets: list[aws.ec2.GetRouteTablesFilterArgsDict] = [
        {"name": "association.subnet-id", "values": list(subnet_ids)}
    ]
    own = aws.ec2.get_route_tables(filters=of_subnets, region=vpc.region).ids
    described = [aws.ec2.get_route_table(route_table_id=each, region=vpc.region) for each in own]
    found = {each.subnet_id: table for table in described for each in table.associations if each.subnet_id}
    if without := [subnet_id for subnet_id in subnet_ids if subnet_id not in found]:
        main = aws.ec2.get_route_table(route_table_id=vpc.main_route_table_id, region=vpc.region)
        found |= dict.fromkeys(without, main)
    return {subnet_id: found[subnet_id] for subnet_id in subnet_ids}


def _gateway_endpoint(vpc: aws.ec2.GetVpcResult, service: str) -> aws.ec2.GetVpcEndpointResult | None:
    """None if the VPC has none."""
    try:
        return aws.ec2.get_vpc_endpoint(
            vpc_id=vpc.id, service_name=service, vpc_endpoint_type="Gateway", region=vpc.region
        )
    except Exception as error:  # the SDK raises nothing narrower
        if NOT_THERE in str(error):
            return None
        raise


def _leads_out(route: GetRouteTableRouteResult) -> bool:
    """Whether a function, which has no public address, may reach S3 by a route.

    An internet gateway serves public addresses only, and a peering leads to nothing but the other VPC.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations
    """
    hops = (
        *(route.nat_gateway_id, route.transit_gateway_id, route.network_interface_id, route.instance_id),
        *(route.vpc_endpoint_id, route.core_network_arn, route.local_gateway_id),
    )
    to_s3 = route.cidr_block == "0.0.0.0/0" or bool(route.destination_prefix_list_id)
    return to_s3 and (any(hops) or route.gateway_id.startswith("vgw-"))
