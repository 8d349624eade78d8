"""A page of the docs that a command writes, and that `--check` holds against what the command would write."""

import sys
from argparse import ArgumentParser
from pathlib import Path


def add_check(parser: ArgumentParser) -> None:
    """`--check`: for continuous integration."""
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")


def write_or_check(project: Path, name: Path, text: str, *, check: bool, command: str) -> int:
    """Write the page, or check it; the exit code is 1 if the check finds it out of date.

    Args:
        project: the project's directory.
        name: the page's path in it.
        text: what belongs on the page.
        check: whether to write nothing.
        command: what writes the page, for people.
    """
    file = project / name
    if not check:
        file.write_text(text)
        print(f"{name} is written")
        return 0
    if file.is_file() and file.read_text() == text:
        return 0
    print(f"{name} is out of date; `{command}` writes it", file=sys.stderr)
    return 1
