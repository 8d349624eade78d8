"""What an invariant is, and what it looks at."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

Inputs = Mapping[str, Any]
"""A resource's inputs by the provider's names, in camelCase."""

Invariant = Callable[[str, str, Inputs], Iterator[str]]
"""Holds for each resource by itself: from its type, name and inputs to a sentence for each breach."""


class Resource(Protocol):
    """One resource of a stack, with what it waits for."""

    @property
    def type(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def urn(self) -> str: ...
    @property
    def inputs(self) -> Inputs: ...
    @property
    def dependencies(self) -> frozenset[str]:
        """URNs of what it waits for directly."""
        ...


StackInvariant = Callable[[Sequence[Resource]], Iterator[tuple[Resource, str]]]
"""Holds for a stack as a whole: from its resources to the resource and a sentence for each breach."""


def is_set(inputs: Inputs, key: str) -> bool:
    """Whether an input is given, even where a preview cannot know its value yet: reading it would raise there."""
    return key in set(inputs)
