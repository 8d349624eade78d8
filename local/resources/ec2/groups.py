"""Security groups. Their rules are resources of their own, in `vpc.py`."""

from collections.abc import Mapping
from typing import Any

from local.resources.ec2 import tags
from local.resources.ec2.networks import default_group, wait_for_interfaces
from local.resources.refusals import ec2 as refusals
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import answered

DESCRIPTION = "Managed by Pulumi"
"""What the provider writes where the program describes nothing."""


class _Group(ResourceType):
    """What is the same for each security group."""

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        [group] = self.client().describe_security_groups(GroupIds=[resource_id])["SecurityGroups"]
        return {
            "arn": self.arn(f"security-group/{resource_id}"),
            "name": group["GroupName"],
            **answered(group, ["description", "ownerId", "vpcId"]),
            **tags.told(group),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        tags.changed(self.client(), resource_id, old, new)


class SecurityGroup(_Group):
    """aws.ec2.SecurityGroup, without rules of its own"""

    pulumi_type = "aws:ec2/securityGroup:SecurityGroup"
    computed = ("arn", "ownerId")

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        if inputs.get("ingress") or inputs.get("egress"):
            raise ValueError("the local stack knows a group's rules as resources of their own, not inside the group")
        return {"description": DESCRIPTION, **inputs}

    def make(self, inputs: Inputs) -> str:
        made = self.client().create_security_group(
            GroupName=inputs["name"],
            Description=inputs["description"],
            VpcId=inputs["vpcId"],
            **tags.specified("security-group", inputs),
        )
        _empty(self.client(), made["GroupId"])
        return made["GroupId"]

    def remove(self, resource_id: str, known: Inputs) -> None:
        wait_for_interfaces(self.account, group=resource_id)
        refusals.of_deleted_group(self.account, resource_id)
        self.client().delete_security_group(GroupId=resource_id)


class DefaultSecurityGroup(_Group):
    """aws.ec2.DefaultSecurityGroup: adopts the group that a VPC is born with, and empties it. Deleting the resource
    leaves the group as it is: it lives as long as its VPC."""

    pulumi_type = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    computed = ("arn", "description", "name", "ownerId")

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        if inputs.get("ingress") or inputs.get("egress"):
            raise ValueError("the local stack empties a default security group; rules in it are not known here")
        return dict(inputs)

    def make(self, inputs: Inputs) -> str:
        group_id = default_group(self.account, inputs["vpcId"])
        _empty(self.client(), group_id)
        tags.changed(self.client(), group_id, {}, inputs)
        return group_id

    def remove(self, resource_id: str, known: Inputs) -> None:
        pass


def _empty(ec2: Any, group_id: str) -> None:
    """Take away the rules that EC2 gives a group."""
    filters = [{"Name": "group-id", "Values": [group_id]}]
    for rule in ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]:
        revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
        revoke(GroupId=group_id, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
