"""VPC: the rules of security groups."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created
from local.resources.words import whole


def ingress_rule(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.vpc.SecurityGroupIngressRule"""
    return _rule(account.client("ec2").authorize_security_group_ingress, inputs)


def egress_rule(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.vpc.SecurityGroupEgressRule"""
    return _rule(account.client("ec2").authorize_security_group_egress, inputs)


def _rule(authorize: Any, inputs: dict[str, Any]) -> Created:
    permission: dict[str, Any] = {"IpProtocol": inputs["ipProtocol"]}
    for key in ("fromPort", "toPort"):
        if key in inputs:
            permission[key[0].upper() + key[1:]] = whole(inputs[key])
    if group := inputs.get("referencedSecurityGroupId"):
        permission["UserIdGroupPairs"] = [{"GroupId": group}]
    if prefix_list := inputs.get("prefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list}]
    if block := inputs.get("cidrIpv4"):
        permission["IpRanges"] = [{"CidrIp": block}]
    [made] = authorize(GroupId=inputs["securityGroupId"], IpPermissions=[permission])["SecurityGroupRules"]
    rule_id = made["SecurityGroupRuleId"]
    return Created(rule_id, {"securityGroupRuleId": rule_id, "arn": made["SecurityGroupRuleArn"]})


RESOURCES: Mapping[str, Create] = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ingress_rule,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": egress_rule,
}
