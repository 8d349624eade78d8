"""Shows what a stack would create, grant and cost, which needs no AWS account, and what it lost in one."""

import argparse
import sys
from collections.abc import Sequence

from local.stack_config import StackConfigError
from ops.commands import COMMANDS


def command_line() -> argparse.ArgumentParser:
    """The parser of every command, which puts the command's function into `run`."""
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        text = command.HELP
        of_command = commands.add_parser(command.NAME, help=text, description=text, allow_abbrev=False)
        command.add_arguments(of_command)
        of_command.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is the command's own: 0, 1 if it found a fault, 2 if the configuration is wrong."""
    options = command_line().parse_args(arguments)
    try:
        return int(options.run(options))
    except (StackConfigError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
