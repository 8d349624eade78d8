"""EmulatedProvider: all provider functions and resource types of the program, as Pulumi asks a provider for them.

It has two users: the deployment without a CLI (`local.deployment`), and Pulumi's own engine (`local.provider_server`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.resources import FUNCTIONS, TYPES, file_of
from local.resources.account import EmulatedAccount
from local.resources.facts import Facts, facts_of
from local.resources.naming import DEFAULTS, with_name, without_defaults
from local.resources.planning import Plan, foreseen, plan, wanted
from local.resources.resource_type import Inputs, ResourceType, State
from local.resources.values import UNKNOWN, as_text

DOCUMENTS = frozenset({"assumeRolePolicy", "policy"})
"""Properties that the provider takes as a text or as an object."""


class UnknownTypeError(Exception):
    """The local stack does not know a type or a function; the message names the file to add it to."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A resource as the program knows it."""

    pulumi_type: str
    name: str


class EmulatedProvider:
    """Every method takes and returns plain values: `UNKNOWN` for what a preview cannot know, `Asset` for content."""

    def __init__(self, account: EmulatedAccount) -> None:
        self._types = {pulumi_type: each(account) for pulumi_type, each in TYPES.items()}
        self._account = account

    def check(self, resource: Named, inputs: Inputs, old: Inputs | None = None, seed: bytes = b"") -> dict[str, Any]:
        """The inputs as the provider completes them. `old` are those of the last deployment; `seed` decides the random
        digits of a made name. Raises UnknownTypeError, and ValueError for inputs that are not allowed."""
        known, facts = self._type(resource), facts_of(resource.pulumi_type)
        texts = {key: as_text(value) if key in DOCUMENTS else value for key, value in inputs.items()}
        return known.prepared(with_name(facts.name, resource.name, texts, old, seed))

    def diff(
        self, resource: Named, old: Inputs, new: Inputs, ignored: frozenset[str] = frozenset()
    ) -> tuple[Plan, Facts]:
        """What becomes of a resource whose inputs were `old` and are to be `new`."""
        self._type(resource)
        facts = facts_of(resource.pulumi_type)
        return plan(facts, old, new, ignored), facts

    def create(self, resource: Named, inputs: Inputs) -> State:
        """Create a resource from checked inputs."""
        with self._account.work.one():
            return self._type(resource).create(without_defaults(inputs))

    def foresee_creation(self, resource: Named, inputs: Inputs) -> dict[str, Any]:
        """The outputs that a preview can tell."""
        return {**without_defaults(inputs), **dict.fromkeys(self._type(resource).computed, UNKNOWN)}

    def read(self, resource: Named, resource_id: str, outputs: Inputs, inputs: Inputs) -> tuple[State, Inputs] | None:
        """A resource as it is now, and the inputs that would make it so; None where it is gone. An import knows
        neither outputs nor inputs."""
        known = self._type(resource)
        state = known.read(resource_id, outputs)
        if state is None:
            return None
        if not inputs and not outputs:
            own = {key: value for key, value in state.outputs.items() if key not in known.computed}
            return state, {**own, DEFAULTS: []}
        drifted = {key for key, value in state.outputs.items() if key in outputs and outputs[key] != value}
        told = {key: state.outputs[key] for key in drifted - set(known.computed)}
        return state, {**inputs, **told}

    def update(self, resource: Named, resource_id: str, outputs: Inputs, inputs: Inputs) -> State:
        """Update a resource in place. `outputs` are what it has, `inputs` the checked ones that it is to have."""
        facts = facts_of(resource.pulumi_type)
        with self._account.work.one():
            return self._type(resource).update(resource_id, outputs, wanted(facts, outputs, inputs))

    def foresee_update(self, resource: Named, outputs: Inputs, old: Inputs, new: Inputs) -> dict[str, Any]:
        """The outputs that a preview can tell of an update from inputs `old` to inputs `new`."""
        changes, facts = self.diff(resource, old, new)
        return foreseen(facts, outputs, new, frozenset(changes.changes))

    def delete(self, resource: Named, resource_id: str, outputs: Inputs) -> None:
        """Delete a resource."""
        with self._account.work.one():
            self._type(resource).delete(resource_id, outputs)

    def call(self, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a provider function. Raises UnknownTypeError."""
        answer = FUNCTIONS.get(function)
        if answer is None:
            raise UnknownTypeError(
                f"The local stack does not know the provider function {function}. "
                f"Add one for it to {file_of(function)} and name it in its FUNCTIONS."
            )
        return answer(self._account, dict(arguments))

    def _type(self, resource: Named) -> ResourceType:
        known = self._types.get(resource.pulumi_type)
        if known is None:
            raise UnknownTypeError(
                f"The local stack cannot create {resource.name!r}, for it does not know the type "
                f"{resource.pulumi_type}. Add a class for it to {file_of(resource.pulumi_type)} and name it in its "
                "TYPES."
            )
        return known
