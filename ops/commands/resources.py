"""`python -m ops resources`: writes docs/resources.md."""

import sys
from argparse import ArgumentParser, Namespace

from local.stack_config import PROJECT
from ops import resources_page

NAME = "resources"
HELP = f"write {resources_page.FILE}: what each stack creates, costs and deletes"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")


def run(options: Namespace) -> int:
    """Write the page, or check it; the exit code is 1 if the check finds it out of date."""
    file = PROJECT / resources_page.FILE
    text = resources_page.document(PROJECT)
    if not options.check:
        file.write_text(text)
        print(f"{resources_page.FILE} is written")
        return 0
    if file.is_file() and file.read_text() == text:
        return 0
    print(f"{resources_page.FILE} is out of date; `make resources` writes it", file=sys.stderr)
    return 1
