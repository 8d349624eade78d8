"""EC2's rules: blocks of addresses do not overlap, names and rules exist once, and what is in use stays."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.refusals import refused


def of_subnet(account: EmulatedAccount, vpc_id: str, cidr: str) -> None:
    """A subnet lies in its VPC and overlaps with none of the VPC's subnets."""
    ec2, block = account.client("ec2"), ipaddress.IPv4Network(cidr)
    [vpc] = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    if not block.subnet_of(ipaddress.IPv4Network(vpc["CidrBlock"])):
        raise refused("CreateSubnet", "InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")
    for other in ec2.describe_subnets(Filters=_filters(**{"vpc-id": vpc_id}))["Subnets"]:
        if block.overlaps(ipaddress.IPv4Network(other["CidrBlock"])):
            message = f"The CIDR '{cidr}' conflicts with another subnet"
            raise refused("CreateSubnet", "InvalidSubnet.Conflict", message)


def of_deleted_subnet(account: EmulatedAccount, subnet_id: str) -> None:
    """A subnet that holds a network interface stays."""
    if interfaces(account, subnet=subnet_id):
        message = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
        raise refused("DeleteSubnet", "DependencyViolation", message)


def of_deleted_group(account: EmulatedAccount, group_id: str) -> None:
    """A security group that a network interface has, or another group's rule names, stays."""
    rules = account.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    named = any(
        rule.get("ReferencedGroupInfo", {}).get("GroupId") == group_id and rule["GroupId"] != group_id for rule in rules
    )
    if named or interfaces(account, group=group_id):
        raise refused("DeleteSecurityGroup", "DependencyViolation", f"resource {group_id} has a dependent object")


def of_deleted_vpc(account: EmulatedAccount, vpc_id: str) -> None:
    """A VPC that has a subnet, an endpoint, or a security group or route table besides its own, stays."""
    ec2, inside = account.client("ec2"), _filters(**{"vpc-id": vpc_id})
    tables = ec2.describe_route_tables(Filters=inside)["RouteTables"]
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]  # the emulator takes no filter
    if (
        ec2.describe_subnets(Filters=inside)["Subnets"]
        or any(endpoint["VpcId"] == vpc_id for endpoint in endpoints)
        or len(ec2.describe_security_groups(Filters=inside)["SecurityGroups"]) > 1
        or any(not any(each.get("Main") for each in table["Associations"]) for table in tables)
    ):
        message = f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
        raise refused("DeleteVpc", "DependencyViolation", message)


def of_association(account: EmulatedAccount, route_table_id: str, subnet_id: str) -> None:
    """A subnet has one route table."""
    associated = _filters(**{"association.subnet-id": subnet_id})
    if account.client("ec2").describe_route_tables(Filters=associated)["RouteTables"]:
        message = f"the specified association for route table {route_table_id} conflicts with an existing association"
        raise refused("AssociateRouteTable", "Resource.AlreadyAssociated", message)


def of_deleted_route_table(account: EmulatedAccount, route_table_id: str) -> None:
    """A route table that a subnet has stays."""
    [table] = account.client("ec2").describe_route_tables(RouteTableIds=[route_table_id])["RouteTables"]
    if table["Associations"]:
        message = f"The routeTable '{route_table_id}' has dependencies and cannot be deleted."
        raise refused("DeleteRouteTable", "DependencyViolation", message)


def of_rule(account: EmulatedAccount, operation: str, group_id: str, rule: Mapping[str, Any]) -> None:
    """A rule exists once in a group. `rule` has the words of SecurityGroupRule, ReferencedGroupId among them."""
    described = account.client("ec2").describe_security_group_rules(Filters=_filters(**{"group-id": group_id}))
    egress = operation.endswith("Egress")
    for other in described["SecurityGroupRules"]:
        known = {**other, "ReferencedGroupId": other.get("ReferencedGroupInfo", {}).get("GroupId")}
        if other["IsEgress"] == egress and all(known.get(key) == value for key, value in rule.items()):
            peer = rule.get("ReferencedGroupId") or rule.get("PrefixListId") or rule.get("CidrIpv4")
            ports = f"from port: {rule.get('FromPort')}, to port: {rule.get('ToPort')}"
            message = (
                f'the specified rule "peer: {peer}, {str(rule["IpProtocol"]).upper()}, {ports}, ALLOW" already exists'
            )
            raise refused(operation, "InvalidPermission.Duplicate", message)


def of_endpoint(account: EmulatedAccount, inputs: Mapping[str, Any]) -> None:
    """A route table has one gateway endpoint of a service, and a VPC one interface endpoint that answers its name."""
    service, found = inputs["serviceName"], _filters(**{"vpc-id": inputs["vpcId"]})
    for other in account.client("ec2").describe_vpc_endpoints(Filters=found)["VpcEndpoints"]:
        if other["ServiceName"] != service:
            continue
        for table in set(other.get("RouteTableIds", ())) & set(inputs.get("routeTableIds") or ()):
            message = f"route table {table} already has a route with destination-prefix-list-id of {service}"
            raise refused("CreateVpcEndpoint", "RouteAlreadyExists", message)
        if other["VpcEndpointType"] == "Interface" and inputs.get("privateDnsEnabled"):
            message = (
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {service} "
                f"in the VPC {inputs['vpcId']}"
            )
            raise refused("CreateVpcEndpoint", "InvalidParameter", message)


def interfaces(account: EmulatedAccount, *, group: str = "", subnet: str = "") -> Sequence[Mapping[str, Any]]:
    """The network interfaces that have a group, or are in a subnet. The emulator does not filter by either."""
    found = account.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    return [
        each for each in found if each["SubnetId"] == subnet or any(held["GroupId"] == group for held in each["Groups"])
    ]


def _filters(**values: str) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]} for name, value in values.items()]
