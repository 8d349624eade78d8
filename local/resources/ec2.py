"""EC2: networks. The emulator keeps them and enforces nothing: every worker is a process of this machine."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Call, Create, Created
from local.resources.words import tag_list

EVERYWHERE = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
"""The rule that EC2 gives every new group for what leaves it, and that the provider takes away."""


def vpc(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ec2.Vpc"""
    ec2 = account.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock=inputs["cidrBlock"], **_tags("vpc", inputs))["Vpc"]["VpcId"]
    for key in ("enableDnsSupport", "enableDnsHostnames"):
        if key in inputs:
            ec2.modify_vpc_attribute(VpcId=vpc_id, **{key[0].upper() + key[1:]: {"Value": bool(inputs[key])}})
    return Created(
        vpc_id, {"arn": _arn(account, "vpc", vpc_id), "defaultSecurityGroupId": _default_group(account, vpc_id)}
    )


def default_security_group(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ec2.DefaultSecurityGroup: adopts the group that a VPC is born with, and empties it"""
    if inputs.get("ingress") or inputs.get("egress"):
        raise ValueError("the local stack empties a default security group; rules in it are not known here")
    group_id = _default_group(account, inputs["vpcId"])
    account.client("ec2").revoke_security_group_egress(GroupId=group_id, IpPermissions=EVERYWHERE)
    return Created(group_id, {"arn": _arn(account, "security-group", group_id)})


def subnet(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ec2.Subnet"""
    answer = account.client("ec2").create_subnet(
        VpcId=inputs["vpcId"],
        CidrBlock=inputs["cidrBlock"],
        AvailabilityZone=inputs["availabilityZone"],
        **_tags("subnet", inputs),
    )["Subnet"]
    outputs = {"arn": answer["SubnetArn"], "availabilityZoneId": answer["AvailabilityZoneId"]}
    return Created(answer["SubnetId"], outputs)


def route_table(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ec2.RouteTable"""
    answer = account.client("ec2").create_route_table(VpcId=inputs["vpcId"], **_tags("route-table", inputs))
    table_id = answer["RouteTable"]["RouteTableId"]
    return Created(table_id, {"arn": _arn(account, "route-table", table_id)})


def route_table_association(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ec2.RouteTableAssociation"""
    answer = account.client("ec2").associate_route_table(
        RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"]
    )
    return Created(answer["AssociationId"])


def vpc_endpoint(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ec2.VpcEndpoint"""
    arguments: dict[str, Any] = {"VpcId": inputs["vpcId"], "ServiceName": inputs["serviceName"]}
    names = {
        "vpcEndpointType": "VpcEndpointType",
        "policy": "PolicyDocument",
        "routeTableIds": "RouteTableIds",
        "subnetIds": "SubnetIds",
        "securityGroupIds": "SecurityGroupIds",
        "privateDnsEnabled": "PrivateDnsEnabled",
    }
    for key, word in names.items():
        if inputs.get(key):
            arguments[word] = inputs[key]
    endpoint_id = account.client("ec2").create_vpc_endpoint(**arguments)["VpcEndpoint"]["VpcEndpointId"]
    outputs: dict[str, Any] = {"arn": _arn(account, "vpc-endpoint", endpoint_id), "state": "available"}
    if inputs.get("vpcEndpointType") == "Gateway":
        outputs["prefixListId"] = _prefix_list(account, inputs["serviceName"])["PrefixListId"]
    return Created(endpoint_id, outputs)


def security_group(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.ec2.SecurityGroup, without rules of its own"""
    if inputs.get("ingress") or inputs.get("egress"):
        raise ValueError("the local stack knows a group's rules as resources of their own, not inside the group")
    ec2, group = account.client("ec2"), account.physical_name(inputs, name)
    answer = ec2.create_security_group(
        GroupName=group, Description=inputs["description"], VpcId=inputs["vpcId"], **_tags("security-group", inputs)
    )
    ec2.revoke_security_group_egress(GroupId=answer["GroupId"], IpPermissions=EVERYWHERE)
    return Created(answer["GroupId"], {"name": group, "arn": answer["SecurityGroupArn"], "ownerId": account.account_id})


def get_managed_prefix_list(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.ec2.get_managed_prefix_list, by name"""
    found = _prefix_list(account, arguments["name"])
    return {**arguments, "id": found["PrefixListId"], "arn": found["PrefixListArn"], "ownerId": found["OwnerId"]}


def _prefix_list(account: EmulatedAccount, name: str) -> dict[str, Any]:
    filters = [{"Name": "prefix-list-name", "Values": [name]}]
    [found] = account.client("ec2").describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    return found


def _default_group(account: EmulatedAccount, vpc_id: str) -> str:
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    [found] = account.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return found["GroupId"]


def _arn(account: EmulatedAccount, kind: str, identifier: str) -> str:
    return f"arn:aws:ec2:{account.region}:{account.account_id}:{kind}/{identifier}"


def _tags(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    tags = tag_list(inputs)
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


RESOURCES: Mapping[str, Create] = {
    "aws:ec2/vpc:Vpc": vpc,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": default_security_group,
    "aws:ec2/subnet:Subnet": subnet,
    "aws:ec2/routeTable:RouteTable": route_table,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": route_table_association,
    "aws:ec2/vpcEndpoint:VpcEndpoint": vpc_endpoint,
    "aws:ec2/securityGroup:SecurityGroup": security_group,
}

CALLS: Mapping[str, Call] = {"aws:ec2/getManagedPrefixList:getManagedPrefixList": get_managed_prefix_list}
