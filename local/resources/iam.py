"""IAM: roles and their policies. The emulator keeps them; it does not enforce them."""

import json
from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.created import Create, Created


def role(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.iam.Role"""
    role = account.physical_name(inputs, name)
    answer = account.client("iam").create_role(
        RoleName=role, AssumeRolePolicyDocument=_document(inputs["assumeRolePolicy"])
    )
    return Created(role, {"name": role, "arn": answer["Role"]["Arn"], "uniqueId": answer["Role"]["RoleId"]})


def role_policy(account: EmulatedAccount, name: str, inputs: dict[str, Any]) -> Created:
    """aws.iam.RolePolicy"""
    policy = account.physical_name(inputs, name)
    account.client("iam").put_role_policy(
        RoleName=inputs["role"], PolicyName=policy, PolicyDocument=_document(inputs["policy"])
    )
    return Created(f"{inputs['role']}:{policy}", {"name": policy})


def _document(policy: Any) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


RESOURCES: Mapping[str, Create] = {
    "aws:iam/role:Role": role,
    "aws:iam/rolePolicy:RolePolicy": role_policy,
}
