"""`pulumi stack export | python -m ops orphans`: lists what a stack made in AWS and does not own."""

import sys
from argparse import ArgumentParser, Namespace

import boto3

from ops.orphans import as_text, orphans, read_state

NAME = "orphans"
HELP = "list what an interrupted update left in AWS without an owner, each with the command that removes it"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--region", default=None, help="of the stack (default: that of your AWS configuration)")


def run(options: Namespace) -> int:
    """Read the state from standard input and print what is not in it; the exit code is 1 if there is something."""
    session = boto3.Session(region_name=options.region)
    found = orphans(read_state(sys.stdin.read()), session.client)  # pyright: ignore[reportArgumentType] any service
    print(as_text(found))
    return 1 if found else 0
