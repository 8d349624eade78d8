"""Example stacks: the real program recorded with example models, to count what a stack creates.

Each is recorded with two models and with three, which shows what grows with the number of models.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.example_models import package
from ops.program import record, record_with
from ops.recorder import PROJECT_NAME, Recorder

EXAMPLES = ("digits", "iris", "wine")
FEWER, MORE = 2, 3
"""How many of them the two stacks of a shape have."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A storage in a mode, deployed with fewer and with more models."""

    fewer: Recorder
    more: Recorder

    def counts(self) -> dict[str, str]:
        """How many of each type there are, in words."""
        few, many = count(self.fewer), count(self.more)
        return {type_: _in_words(few[type_], many[type_]) for type_ in many}


class Examples:
    """Records the program with example models. A stack is recorded once for each configuration."""

    def __init__(self, project: Path, root: Path) -> None:
        """`root` is an empty directory, for the model repository."""
        self._project, self._root = project, root
        self._recorded: dict[str, Recorder] = {}
        for model in EXAMPLES:
            package(root, model)

    def stack(self, settings: Mapping[str, object], models: int = FEWER) -> Recorder:
        """The stack with these settings and the first so many example models."""
        values = {"modelRepository": str(self._root), "models": list(EXAMPLES[:models]), **settings}
        config = _as_text(values)
        asked = json.dumps(config, sort_keys=True)
        if asked not in self._recorded:
            self._recorded[asked] = record_with(self._project, config, "example")
        return self._recorded[asked]

    def file(self, name: str, settings: Mapping[str, object] | None = None) -> Recorder:
        """The stack of the stack file `Pulumi.NAME.yaml`, with these settings over it and the first example models."""
        values = {"modelRepository": str(self._root), "models": list(EXAMPLES[:FEWER]), **(settings or {})}
        return record(self._project, name, _as_text(values))

    def shape(self, storage: str, mode: str) -> Shape:
        """A storage in a mode."""
        settings = {"storage": storage, "mode": mode}
        return Shape(fewer=self.stack(settings, FEWER), more=self.stack(settings, MORE))


def count(stack: Recorder) -> Counter[str]:
    """How many resources of each type a stack has; components do not count."""
    return Counter(each.type for each in stack.registered if not each.type.startswith(f"{PROJECT_NAME}:"))


def _as_text(values: Mapping[str, object]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def _in_words(few: int, many: int) -> str:
    """`2 + 1 a model`, from how many there are with fewer and with more models."""
    each = (many - few) // (MORE - FEWER)
    always = few - each * FEWER
    if each == 0:
        return str(always)
    return f"{each} a model" if always == 0 else f"{always} + {each} a model"
