"""What `pulumi stack export` prints: the state of a stack, for the commands that compare it with the account."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3

Client = Callable[[str], Any]
"""The boto3 client of a service."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what a command needs that reads a state from standard input."""
    parser.add_argument("--region", default=None, help="of the stack (default: that of your AWS configuration)")


def piped_in(options: Namespace) -> tuple[Mapping[str, Any], Client]:
    """The state from standard input, and the clients of its region. Raises ValueError."""
    session = boto3.Session(region_name=options.region)
    return read_state(sys.stdin.read()), session.client  # pyright: ignore[reportReturnType] any service


def read_state(text: str) -> Mapping[str, Any]:
    """What `pulumi stack export` printed. Raises ValueError."""
    try:
        state = json.loads(text)
    except ValueError as error:
        raise ValueError(f"this is no exported state: {error}; pipe in what `pulumi stack export` prints") from None
    if not isinstance(state, dict):
        raise ValueError("this is no exported state; pipe in what `pulumi stack export` prints")
    return state


def resources_of(state: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The resources in a state."""
    return (state.get("deployment") or {}).get("resources") or ()
