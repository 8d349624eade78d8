"""The commands of `python -m models`, one module each.

A further command is a module with the members of `Command`, and its name in `models.cli.COMMANDS`. The module may have
an `EPILOG`, which `--help` prints below the options, as it is laid out.
"""

import argparse
from typing import Protocol


class Command(Protocol):
    """What a command's module offers."""

    @property
    def SUMMARY(self) -> str:  # noqa: N802  # a constant of the module
        """What the command does, for `--help`: starts with a verb in lower case, and has no full stop."""
        ...

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments and options."""
        ...

    def run(self, options: argparse.Namespace) -> None:
        """Run the command. Raises OSError or one of `models.cli.FAILURES`."""
        ...
