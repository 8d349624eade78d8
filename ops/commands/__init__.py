"""The commands of `python -m ops`, a module each.

To add one, write a module with `NAME`, `HELP`, `add_arguments` and `run`, and list it in `COMMANDS`.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Protocol

from ops.commands import (
    advise,
    batch,
    call,
    choosing,
    find,
    iam,
    images,
    load,
    orphans,
    permissions,
    prices,
    resources,
    size,
)


class Command(Protocol):
    """A module of this package."""

    @property
    def NAME(self) -> str:  # noqa: N802 a module's constant
        """The word on the command line."""
        ...

    @property
    def HELP(self) -> str:  # noqa: N802 a module's constant
        """What the command does, in a line."""
        ...

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command's arguments."""
        ...

    def run(self, options: Namespace) -> int:
        """Run the command; the exit code. Raises StackConfigError or ValueError for a wrong configuration."""
        ...


COMMANDS: Sequence[Command] = (
    call,
    batch,
    find,
    iam,
    permissions,
    resources,
    orphans,
    images,
    advise,
    load,
    size,
    prices,
    choosing,
)
