"""`python -m ops resources`: writes docs/resources.md."""

from argparse import ArgumentParser, Namespace

from local.stack_config import PROJECT
from ops import resources_page
from ops.written_page import add_check, write_or_check

NAME = "resources"
HELP = f"write {resources_page.FILE}: what each stack creates, costs and deletes"


def add_arguments(parser: ArgumentParser) -> None:
    add_check(parser)


def run(options: Namespace) -> int:
    """Write the page, or check it; the exit code is 1 if the check finds it out of date."""
    page = resources_page.document(PROJECT)
    return write_or_check(PROJECT, resources_page.FILE, page, check=options.check, command="make resources")
