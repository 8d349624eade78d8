"""`pulumi stack export | python -m ops images`: lists images that no version of a function uses."""

import sys
from argparse import ArgumentParser, Namespace

import boto3

from ops.images import as_text, unused
from ops.orphans import read_state

NAME = "images"
HELP = "list images in the stack's repository that no version of a function uses, each with the command that removes it"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--region", default=None, help="of the stack (default: that of your AWS configuration)")


def run(options: Namespace) -> int:
    """Read the state from standard input and print the images."""
    session = boto3.Session(region_name=options.region)
    print(as_text(unused(read_state(sys.stdin.read()), session.client)))  # pyright: ignore[reportArgumentType] any service
    return 0
