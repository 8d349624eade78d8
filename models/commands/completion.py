"""`python -m models completion`."""

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.places import PROJECT

SUMMARY = "print what lets a shell complete these commands, under the name `models`"
EPILOG = """\
The shell then has a command `models`, which runs this program, and Tab completes commands, options, choices and paths.
Add the line to what the shell reads when it starts:

  eval "$(.venv/bin/python -m models completion bash)"
  eval "$(.venv/bin/python -m models completion zsh)"
"""
NAME = "models"
SHELLS = ("bash", "zsh")

PATHS = ("source", "at", "code")
"""Arguments that may be paths, besides those that are nothing else."""

FUNCTION = """\
{name}() {{ PYTHONPATH={project} {python} -m models "$@"; }}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> None:
    """Print the script."""
    import shtab  # late: no other command needs it

    parser: argparse.ArgumentParser = options.parser(NAME)
    for action in _actions(parser):
        if action.type is Path or action.dest in PATHS:
            action.complete = shtab.FILE  # pyright: ignore[reportAttributeAccessIssue]  # where shtab looks for it
    function = FUNCTION.format(name=NAME, project=shlex.quote(str(PROJECT)), python=shlex.quote(sys.executable))
    print(function + shtab.complete(parser, shell=options.shell))


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser, and of its commands."""
    for action in parser._actions:
        yield action
        choices: Any = action.choices
        for command in choices.values() if isinstance(choices, dict) else ():
            yield from _actions(command)
