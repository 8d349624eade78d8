"""What a program finds out about a network that was there before it."""

import pytest

from local import resources
from local.resources.refusals import refused

SERVICE = "com.amazonaws.eu-central-1.s3"

LOOK = """
import pulumi
from components.configuration.network_lookup import found_network

ways = found_network("{vpc}", {subnets}, None).ways_to_s3
pulumi.export("ways", "not shown" if ways is None else {{
    "tables": dict(ways.tables), "leading_out": sorted(ways.leading_out),
    "endpoint": [ways.endpoint_id, *ways.endpoint_tables],
}})
"""


@pytest.fixture
def ec2(emulator):
    return emulator.client("ec2")


@pytest.fixture
def vpc(ec2) -> str:
    return ec2.create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]["VpcId"]


@pytest.fixture
def subnets(ec2, vpc) -> list[str]:
    """In another zone each. Both have the VPC's main route table."""
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.0.{64 * number}/26", AvailabilityZone=f"eu-central-1{letter}")
        for number, letter in enumerate("ab")
    ]
    return [each["Subnet"]["SubnetId"] for each in made]


@pytest.fixture
def main_table(ec2, vpc) -> str:
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    return ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]


@pytest.fixture
def own_table(ec2, vpc, subnets) -> str:
    """Of the second subnet."""
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[1])
    return table


@pytest.fixture
def ways(deploy_program, vpc, subnets):
    """Looks at the ways to S3."""
    return lambda: deploy_program(LOOK.format(vpc=vpc, subnets=subnets)).outputs["ways"]


def test_a_subnet_without_a_route_table_of_its_own_has_the_main_one_of_its_vpc(ways, subnets, main_table, own_table):
    assert ways() == {
        "tables": {subnets[0]: main_table, subnets[1]: own_table},
        "leading_out": [],
        "endpoint": [None],
    }


@pytest.mark.usefixtures("own_table")
def test_the_gateway_endpoint_is_found_with_the_tables_that_lead_to_it(ways, ec2, vpc, main_table):
    gateway = {"VpcId": vpc, "ServiceName": SERVICE, "VpcEndpointType": "Gateway", "RouteTableIds": [main_table]}
    made = ec2.create_vpc_endpoint(**gateway)["VpcEndpoint"]["VpcEndpointId"]
    ec2.create_vpc_endpoint(**{**gateway, "ServiceName": "com.amazonaws.eu-central-1.dynamodb"})
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=SERVICE, VpcEndpointType="Interface")
    assert ways()["endpoint"] == [made, main_table]


@pytest.mark.parametrize(
    ("route", "leads_out"),
    [
        ({"NatGatewayId": "nat-0a"}, True),
        ({"TransitGatewayId": "tgw-0a"}, True),
        ({"GatewayId": "vgw-0a"}, True),
        ({"GatewayId": "vpce-0a"}, True),
        ({"GatewayId": "igw-0a"}, False),
        ({"VpcPeeringConnectionId": "pcx-0a"}, False),
        ({"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-0a"}, False),
    ],
    ids=str,
)
def test_a_default_route_leads_out_if_it_needs_no_public_address(ways, ec2, own_table, route, leads_out):
    ec2.create_route(**{"RouteTableId": own_table, "DestinationCidrBlock": "0.0.0.0/0", **route})
    assert ways()["leading_out"] == ([own_table] if leads_out else [])


@pytest.mark.parametrize("function", ["getRouteTables", "getRouteTable", "getVpcEndpoint"])
def test_a_look_up_that_aws_denies_leaves_the_ways_unknown(ways, monkeypatch: pytest.MonkeyPatch, function):
    def deny(*_: object) -> None:
        raise refused(function, "UnauthorizedOperation", "You are not authorized to perform this operation.")

    monkeypatch.setitem(resources.FUNCTIONS, f"aws:ec2/{function}:{function}", deny)
    assert ways() == "not shown"


def test_two_gateway_endpoints_leave_the_ways_unknown(ways, ec2, vpc, main_table, own_table):
    for table in (main_table, own_table):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=SERVICE, VpcEndpointType="Gateway", RouteTableIds=[table])
    assert ways() == "not shown"
