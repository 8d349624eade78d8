"""VPC: the rules of security groups."""

from collections.abc import Mapping
from typing import Any, ClassVar

from local.resources.ec2 import tags
from local.resources.refusals import ec2 as refusals
from local.resources.resource_type import Inputs, ResourceType, the_only
from local.resources.words import answered, chosen

PEERS = {"cidrIpv4": "CidrIpv4", "prefixListId": "PrefixListId", "referencedSecurityGroupId": "ReferencedGroupId"}
"""Whom a rule lets in or out: the provider's words and EC2's."""


class _Rule(ResourceType):
    """A rule of a security group, as a resource of its own."""

    computed = ("arn", "securityGroupRuleId")
    direction: ClassVar[str]

    def make(self, inputs: Inputs) -> str:
        group, rule = inputs["securityGroupId"], _rule(inputs)
        refusals.of_rule(self.account, f"AuthorizeSecurityGroup{self.direction.capitalize()}", group, rule)
        authorize = getattr(self._ec2(), f"authorize_security_group_{self.direction}")
        [made] = authorize(
            GroupId=group, IpPermissions=[_permission(inputs)], **tags.specified("security-group-rule", inputs)
        )["SecurityGroupRules"]
        return made["SecurityGroupRuleId"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        rule = the_only(
            self._ec2().describe_security_group_rules(SecurityGroupRuleIds=[resource_id])["SecurityGroupRules"]
        )
        group = {"referencedSecurityGroupId": rule["ReferencedGroupInfo"]["GroupId"]} if _has_group(rule) else {}
        return {
            "arn": rule["SecurityGroupRuleArn"],
            "securityGroupRuleId": resource_id,
            "securityGroupId": rule["GroupId"],
            **answered(rule, "cidrIpv4 description fromPort ipProtocol prefixListId toPort".split()),
            **group,
            **tags.told(rule),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        update = {"SecurityGroupRuleId": resource_id, "SecurityGroupRule": _rule(new)}
        self._ec2().modify_security_group_rules(GroupId=new["securityGroupId"], SecurityGroupRules=[update])
        tags.changed(self._ec2(), resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        revoke = getattr(self._ec2(), f"revoke_security_group_{self.direction}")
        revoke(GroupId=known["securityGroupId"], SecurityGroupRuleIds=[resource_id])

    def _ec2(self) -> Any:
        return self.client("ec2")


class SecurityGroupIngressRule(_Rule):
    """aws.vpc.SecurityGroupIngressRule"""

    pulumi_type = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    direction = "ingress"


class SecurityGroupEgressRule(_Rule):
    """aws.vpc.SecurityGroupEgressRule"""

    pulumi_type = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    direction = "egress"


def _rule(inputs: Inputs) -> dict[str, Any]:
    """A rule in the words of EC2's SecurityGroupRule."""
    peer = {word: inputs[key] for key, word in PEERS.items() if inputs.get(key)}
    return {**chosen(inputs, ("description", "fromPort", "ipProtocol", "toPort")), **peer}


def _permission(inputs: Inputs) -> dict[str, Any]:
    """A rule in the words of EC2's IpPermission."""
    described = {"Description": inputs["description"]} if inputs.get("description") else {}
    permission = chosen(inputs, ("fromPort", "ipProtocol", "toPort"))
    if group := inputs.get("referencedSecurityGroupId"):
        permission["UserIdGroupPairs"] = [{"GroupId": group, **described}]
    if prefix_list := inputs.get("prefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list, **described}]
    if block := inputs.get("cidrIpv4"):
        permission["IpRanges"] = [{"CidrIp": block, **described}]
    return permission


def _has_group(rule: Mapping[str, Any]) -> bool:
    return bool(rule.get("ReferencedGroupInfo", {}).get("GroupId"))


TYPES = (SecurityGroupIngressRule, SecurityGroupEgressRule)
