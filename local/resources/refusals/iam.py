"""IAM's rules: how long policies are, and which roles stay."""

import json

from local.resources.account import EmulatedAccount
from local.resources.refusals import refused

INLINE_CHARACTERS = 10_240
"""All inline policies of a role together, white space not counted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

MANAGED_CHARACTERS = 6_144
"""A managed policy, white space not counted. The same page."""

ATTACHED_POLICIES = 10
"""Managed policies of a role. The same page."""

TRUST_CHARACTERS = 2_048
"""A role's trust policy. The same page."""


def of_document(operation: str, policy: str) -> None:
    """A policy is a JSON object."""
    try:
        document = json.loads(policy)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        message = "This policy contains invalid Json" if document is None else "Syntax errors in policy."
        raise refused(operation, "MalformedPolicyDocument", message)


def of_trust(operation: str, policy: str) -> None:
    """A trust policy within its limit."""
    of_document(operation, policy)
    if _size(policy) > TRUST_CHARACTERS:
        raise refused(
            operation,
            "LimitExceeded",
            f"Cannot exceed quota for ACLSizePerRole: {TRUST_CHARACTERS}",
        )


def of_inline_policy(account: EmulatedAccount, role: str, name: str, policy: str) -> None:
    """A role's inline policies within the limit of all of them."""
    of_document("PutRolePolicy", policy)
    iam = account.client("iam")
    others = [each for each in iam.list_role_policies(RoleName=role)["PolicyNames"] if each != name]
    held = [iam.get_role_policy(RoleName=role, PolicyName=each)["PolicyDocument"] for each in others]
    if _size(policy) + sum(_size(json.dumps(each)) for each in held) > INLINE_CHARACTERS:
        message = f"Maximum policy size of {INLINE_CHARACTERS} bytes exceeded for role {role}"
        raise refused("PutRolePolicy", "LimitExceeded", message)


def of_managed_policy(operation: str, policy: str) -> None:
    """A managed policy within its limit."""
    of_document(operation, policy)
    if _size(policy) > MANAGED_CHARACTERS:
        raise refused(operation, "LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED_CHARACTERS}")


def of_attachment(account: EmulatedAccount, role: str) -> None:
    """A role with no more managed policies than it may have."""
    attached = account.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    if len(attached) >= ATTACHED_POLICIES:
        message = f"Cannot exceed quota for PoliciesPerRole: {ATTACHED_POLICIES}"
        raise refused("AttachRolePolicy", "LimitExceeded", message)


def of_deleted_policy(account: EmulatedAccount, policy: str) -> None:
    """A managed policy that a role has stays."""
    if account.client("iam").get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"]:
        message = "Cannot delete a policy attached to entities."
        raise refused("DeletePolicy", "DeleteConflict", message)


def of_deleted_role(account: EmulatedAccount, role: str) -> None:
    """A role that has a policy stays."""
    iam = account.client("iam")
    if iam.list_role_policies(RoleName=role)["PolicyNames"]:
        raise refused("DeleteRole", "DeleteConflict", "Cannot delete entity, must delete policies first.")
    if iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        raise refused("DeleteRole", "DeleteConflict", "Cannot delete entity, must detach all policies first.")


def _size(policy: str) -> int:
    return sum(not character.isspace() for character in policy)
