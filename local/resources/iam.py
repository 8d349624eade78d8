"""IAM: roles and their policies. The emulator keeps them; `local.role_permissions` asks what they allow a function."""

import json
from collections.abc import Mapping
from typing import Any

from local.resources.put_type import PutType
from local.resources.refusals import iam as refusals
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import answered, chosen, tag_changes, tag_list, tags_of


class Role(ResourceType):
    """aws.iam.Role"""

    pulumi_type = "aws:iam/role:Role"
    computed = ("arn", "createDate", "uniqueId")

    def make(self, inputs: Inputs) -> str:
        trust = inputs["assumeRolePolicy"]
        refusals.of_trust("CreateRole", trust)
        tags = {"Tags": tag_list(inputs)} if inputs.get("tags") else {}
        more = chosen(inputs, ("description", "maxSessionDuration", "path", "permissionsBoundary"))
        self.client().create_role(RoleName=inputs["name"], AssumeRolePolicyDocument=trust, **more, **tags)
        return inputs["name"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        role = self.client().get_role(RoleName=resource_id)["Role"]
        described = {"description": role["Description"]} if role.get("Description") else {}
        return {
            "arn": role["Arn"],
            "createDate": role["CreateDate"].isoformat(),
            "name": role["RoleName"],
            "uniqueId": role["RoleId"],
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            **answered(role, ("maxSessionDuration", "path")),
            **described,
            **_boundary(role),
            "tags": tags_of(role.get("Tags", ())),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        iam = self.client()
        refusals.of_trust("UpdateAssumeRolePolicy", new["assumeRolePolicy"])
        iam.update_assume_role_policy(RoleName=resource_id, PolicyDocument=new["assumeRolePolicy"])
        iam.update_role(
            RoleName=resource_id,
            Description=new.get("description", ""),
            MaxSessionDuration=new.get("maxSessionDuration", 3600),
        )
        if boundary := new.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=resource_id, PermissionsBoundary=boundary)
        elif old.get("permissionsBoundary"):
            iam.delete_role_permissions_boundary(RoleName=resource_id)
        gone, given = tag_changes(old, new)
        if gone:
            iam.untag_role(RoleName=resource_id, TagKeys=gone)
        if given:
            iam.tag_role(RoleName=resource_id, Tags=tag_list({"tags": given}))

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_role(self.account, resource_id)
        self.client().delete_role(RoleName=resource_id)


class RolePolicy(PutType):
    """aws.iam.RolePolicy"""

    pulumi_type = "aws:iam/rolePolicy:RolePolicy"

    def put(self, inputs: Inputs) -> str:
        role, name, policy = inputs["role"], inputs["name"], inputs["policy"]
        refusals.of_inline_policy(self.account, role, name, policy)
        self.client().put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)
        resource_id = f"{role}:{name}"
        self.account.invoke_api.roles.write(resource_id, policy)
        self.account.invoke_api.roles.give(role, resource_id)
        return resource_id

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        role, _, name = resource_id.partition(":")
        found = self.client().get_role_policy(RoleName=role, PolicyName=name)
        return {"role": role, "name": name, "policy": json.dumps(found["PolicyDocument"])}

    def remove(self, resource_id: str, known: Inputs) -> None:
        role, _, name = resource_id.partition(":")
        self.account.invoke_api.roles.take(role, resource_id)
        self.client().delete_role_policy(RoleName=role, PolicyName=name)


class Policy(ResourceType):
    """aws.iam.Policy"""

    pulumi_type = "aws:iam/policy:Policy"
    computed = ("arn", "policyId")

    def make(self, inputs: Inputs) -> str:
        refusals.of_managed_policy("CreatePolicy", inputs["policy"])
        tags = {"Tags": tag_list(inputs)} if inputs.get("tags") else {}
        made = self.client().create_policy(PolicyName=inputs["name"], PolicyDocument=inputs["policy"], **tags)
        self.account.invoke_api.roles.write(made["Policy"]["Arn"], inputs["policy"])
        return made["Policy"]["Arn"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        iam = self.client()
        policy = iam.get_policy(PolicyArn=resource_id)["Policy"]
        version = iam.get_policy_version(PolicyArn=resource_id, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        return {
            "arn": policy["Arn"],
            "policyId": policy["PolicyId"],
            "name": policy["PolicyName"],
            "policy": json.dumps(version["Document"]),
            "tags": tags_of(policy.get("Tags", ())),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        refusals.of_managed_policy("CreatePolicyVersion", new["policy"])
        iam = self.client()
        before = iam.get_policy(PolicyArn=resource_id)["Policy"]["DefaultVersionId"]
        iam.create_policy_version(PolicyArn=resource_id, PolicyDocument=new["policy"], SetAsDefault=True)
        iam.delete_policy_version(PolicyArn=resource_id, VersionId=before)
        self.account.invoke_api.roles.write(resource_id, new["policy"])

    def remove(self, resource_id: str, known: Inputs) -> None:
        refusals.of_deleted_policy(self.account, resource_id)
        self.client().delete_policy(PolicyArn=resource_id)


class RolePolicyAttachment(ResourceType):
    """aws.iam.RolePolicyAttachment"""

    pulumi_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

    def make(self, inputs: Inputs) -> str:
        refusals.of_attachment(self.account, inputs["role"])
        self.client().attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        self.account.invoke_api.roles.give(inputs["role"], inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        role, _, policy = resource_id.partition("/")
        attached = self.client().list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        if policy not in [each["PolicyArn"] for each in attached]:
            return None
        return {"role": role, "policyArn": policy}

    def remove(self, resource_id: str, known: Inputs) -> None:
        role, _, policy = resource_id.partition("/")
        self.account.invoke_api.roles.take(role, policy)
        self.client().detach_role_policy(RoleName=role, PolicyArn=policy)


def _boundary(role: Mapping[str, Any]) -> dict[str, str]:
    bounded = role.get("PermissionsBoundary")
    return {"permissionsBoundary": bounded["PermissionsBoundaryArn"]} if bounded else {}


TYPES = (Role, RolePolicy, Policy, RolePolicyAttachment)
