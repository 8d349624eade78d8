"""RolePermissions: what roles may do, by their policies. The emulator keeps policies and does not check them."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]

OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": fnmatchcase,
}
"""The operators of conditions that are understood. A condition with another one never holds."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """An action that a role must be allowed."""

    action: str
    resource: str
    """An ARN."""
    context: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the request says for conditions, by their keys."""

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


class RolePermissions:
    """What the policies of roles allow. Statements that deny are left out: those of the program are about EC2 alone."""

    def __init__(self) -> None:
        self._documents: dict[str, Sequence[Statement]] = {}
        self._policies: dict[str, set[str]] = defaultdict(set)
        self._lock = threading.Lock()

    def write(self, policy: str, document: str) -> None:
        """Let a policy say this from now on; `policy` is its ARN, or any name that no other policy has."""
        statements = json.loads(document)["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        with self._lock:
            self._documents[policy] = [each for each in listed if each["Effect"] == "Allow"]

    def give(self, role: str, policy: str) -> None:
        """Give a role a policy."""
        with self._lock:
            self._policies[role].add(policy)

    def take(self, role: str, policy: str) -> None:
        """Take a policy from a role."""
        with self._lock:
            self._policies[role].discard(policy)

    def lacking(self, role: str, needs: Sequence[Need]) -> Need | None:
        """The first of these needs that no policy of the role meets; None if all are met."""
        with self._lock:
            statements = [each for policy in self._policies[role] for each in self._documents.get(policy, ())]
        return next((need for need in needs if not any(_meets(each, need) for each in statements)), None)


def _meets(statement: Statement, need: Need) -> bool:
    return (
        any(fnmatchcase(need.action.lower(), action.lower()) for action in _listed(statement["Action"]))
        and any(fnmatchcase(need.resource, resource) for resource in _listed(statement["Resource"]))
        and all(
            _holds(operator, need.context.get(key), wanted)
            for operator, wanted_by_key in statement.get("Condition", {}).items()
            for key, wanted in wanted_by_key.items()
        )
    )


def _holds(operator: str, value: str | None, wanted: str | Sequence[str]) -> bool:
    compare = OPERATORS.get(operator)
    return compare is not None and value is not None and any(compare(value, each) for each in _listed(wanted))


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
