"""What an operation of the engine did, read from the events that it tells."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Operation = Literal["preview", "up", "refresh", "preview_destroy", "destroy"]

COLOURS = re.compile(r"<\{%[^%]*%\}>")
"""Marks of the engine's messages."""


@dataclass(frozen=True)
class Step:
    """One thing that was done to a resource, or that a preview would do."""

    operation: str
    """Such as `same`, `create`, `update`, `replace`, `create-replacement`, `delete`."""
    pulumi_type: str
    name: str
    urn: str
    changed: tuple[str, ...] = ()
    """The properties that differ."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How an operation ended."""

    operation: Operation
    succeeded: bool
    seconds: float
    changes: Mapping[str, int]
    """How many resources were created, updated, replaced, deleted, and left the same: by the engine's words."""
    steps: tuple[Step, ...]
    """What was done to each resource, in the engine's order."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The stack's, after an `up`."""

    @property
    def quiet(self) -> bool:
        """Whether nothing was done."""
        return self.succeeded and not any(count for kind, count in self.changes.items() if kind != "same")

    def of(self, *operations: str) -> list[Step]:
        """The steps of these operations."""
        return [step for step in self.steps if step.operation in operations]


class Events:
    """Collects an operation's events."""

    def __init__(self) -> None:
        self.changes: Counter[str] = Counter()
        self.steps: list[Step] = []
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def __call__(self, event: Any) -> None:
        """Take one of the Automation API's events."""
        if event.summary_event is not None:
            counts = event.summary_event.resource_changes
            self.changes = Counter({str(getattr(key, "value", key)): count for key, count in counts.items()})
        elif event.resource_pre_event is not None:
            self.steps.append(_step(event.resource_pre_event.metadata))
        elif event.diagnostic_event is not None:
            self._diagnose(event.diagnostic_event.severity, event.diagnostic_event.message)
        elif event.policy_event is not None:
            is_mandatory = event.policy_event.enforcement_level == "mandatory"
            self._diagnose("error" if is_mandatory else "warning", event.policy_event.message)

    def _diagnose(self, severity: str, message: str) -> None:
        kinds = {"error": self.errors, "warning": self.warnings}
        kind, text = kinds.get(severity), COLOURS.sub("", message).strip()
        if kind is not None and text and text not in kind:
            kind.append(text)


def _step(metadata: Any) -> Step:
    operation = str(getattr(metadata.op, "value", metadata.op))
    changed = tuple(sorted(metadata.detailed_diff or metadata.diffs or ()))
    name = metadata.urn.split("::", 3)[3]
    return Step(operation, metadata.type, name, metadata.urn, changed)
