"""The types of invariants and of what they read, and which resource waits for which."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

Inputs = Mapping[str, Any]
"""A resource's inputs by the provider's names, in camelCase."""

Invariant = Callable[[str, str, Inputs], Iterator[str]]
"""A rule about one resource: takes its type, name and inputs, yields a sentence for each breach."""


RuleOfType = Callable[[str, Inputs], Iterator[str]]
"""A rule about resources of some types: takes a resource's name and inputs."""


def of(*types: str) -> Callable[[RuleOfType], Invariant]:
    """Makes an invariant of a rule about resources of these types."""

    def invariant(rule: RuleOfType) -> Invariant:
        @wraps(rule)
        def checked(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
            return rule(name, inputs) if type_ in types else iter(())

        return checked

    return invariant


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack, with what it waits for."""

    type: str
    name: str
    urn: str
    inputs: Inputs
    dependencies: frozenset[str]
    """URNs of what it waits for directly."""


StackInvariant = Callable[[Sequence[Resource]], Iterator[tuple[Resource, str]]]
"""A rule about a whole stack: takes its resources, yields the resource and a sentence for each breach."""


def waits_for(resource: Resource, by_urn: Mapping[str, Resource]) -> set[str]:
    """URNs of everything that a resource waits for, directly or through another one."""
    found: set[str] = set()
    waiting = list(resource.dependencies)
    while waiting:
        urn = waiting.pop()
        if urn not in found:
            found.add(urn)
            waiting += by_urn[urn].dependencies if urn in by_urn else ()
    return found


def of_type(resources: Sequence[Resource], type_: str) -> list[Resource]:
    """The resources of a type."""
    return [resource for resource in resources if resource.type == type_]


def made_from(resources: Sequence[Resource], type_: str, subject: Resource) -> list[Resource]:
    """The resources of a type that are made from another resource's outputs."""
    return [resource for resource in of_type(resources, type_) if subject.urn in resource.dependencies]


def is_set(inputs: Inputs, key: str) -> bool:
    """Whether an input is given. In a preview its value may be unknown, and reading an unknown value raises."""
    return key in set(inputs)
