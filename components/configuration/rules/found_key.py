"""Rules about a KMS key that was there before: what its policy lacks. Imports no Pulumi.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.configuration.problem import Problem
from components.configuration.rules.policy_documents import listed

EVERYONE = "*"
PAGE = "docs/permissions.md has the statements, under `The key`"


@dataclass(frozen=True, kw_only=True)
class FoundKey:
    """The key that `kmsKeyArn` names."""

    arn: str
    policy: Mapping[str, Any]
    """Its policy, as a document of IAM."""

    @property
    def region(self) -> str:
        """Where it encrypts."""
        return self.arn.split(":")[3]

    @property
    def account_id(self) -> str:
        """Whose it is."""
        return self.arn.split(":")[4]


KeyRule = Callable[[FoundKey], Iterator[Problem]]
"""Yields a problem for each thing that the key's policy lacks."""


def logs_may_use_the_key(key: FoundKey) -> Iterator[Problem]:
    """CloudWatch Logs uses a key in its own name, which only the key's policy can allow.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    service = f"logs.{key.region}.amazonaws.com"
    if not _allows(key, "Service", (service, "logs.amazonaws.com", f"{service}.cn")):
        yield Problem(
            keys=("kmsKeyArn",),
            message=f"the policy of {key.arn} does not let {service} use the key, so that AWS refuses every log group; "
            f"add the statement for it (`aws kms put-key-policy --key-id {key.arn} --policy file://policy.json`); "
            f"{PAGE}",
        )


def iam_decides_for_roles(key: FoundKey) -> Iterator[Problem]:
    """A grant of IAM holds only where the key's policy allows the account itself."""
    partition = key.arn.split(":")[1]
    account = (key.account_id, f"arn:{partition}:iam::{key.account_id}:root")
    if not _allows(key, "AWS", account):
        yield Problem(
            keys=("kmsKeyArn",),
            message=f"the policy of {key.arn} does not allow the account {account[1]}: unless it allows each of the "
            f"stack's roles by itself, their grants have no effect on the key; allow the account kms:*; {PAGE}",
        )


def _allows(key: FoundKey, kind: str, principals: Sequence[str]) -> bool:
    """Whether a statement allows one of these principals something."""
    statements = listed(key.policy.get("Statement"))
    return any(
        each.get("Effect") == "Allow" and not {EVERYONE, *principals}.isdisjoint(_principals(each, kind))
        for each in statements
    )


def _principals(statement: Mapping[str, Any], kind: str) -> Sequence[str]:
    named = statement.get("Principal", {})
    return [named] if isinstance(named, str) else listed(named.get(kind))


ADVISED: tuple[KeyRule, ...] = (logs_may_use_the_key, iam_decides_for_roles)
