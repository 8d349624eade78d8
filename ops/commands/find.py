"""`python -m ops find ID`: what a stack's logs say about a request."""

import argparse
import re
import time
from argparse import ArgumentParser, Namespace

from local.stack_config import PROJECT
from ops.deployed import find_deployed
from ops.finding import Line, find

NAME = "find"
HELP = "show what a stack's logs say about a request, by any id that its caller knows"

_UNITS = {"m": 60, "h": 3600, "d": 86400}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "id",
        metavar="ID",
        help="from the answer's apigw-requestid or x-amzn-requestid, its message, the request's X-Request-Id or "
        "traceparent, or the id in an Open Inference body",
    )
    parser.add_argument("--stack", default="dev", metavar="NAME", help="the stack (default: dev)")
    parser.add_argument(
        "--since", type=_seconds, default=_seconds("24h"), metavar="TIME", help="how far back, as 30m, 24h or 7d"
    )


def run(options: Namespace) -> int:
    """Print the lines; the exit code is 1 if there are none."""
    lines = find(find_deployed(PROJECT, options.stack), options.id, options.since)
    for line in lines:
        print(_shown(line))
    if not lines:
        print(f"no log of the stack {options.stack!r} has {options.id!r} in that time; a line takes seconds to arrive")
    return 0 if lines else 1


def _shown(line: Line) -> str:
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(line.unix_ms / 1e3))
    facts = {key: value for key, value in line.document.items() if value not in (None, "", "-") and key != "_aws"}
    traceback = str(facts.pop("traceback", ""))
    text = "  ".join(f"{key}={value}" for key, value in facts.items()) or line.text
    return f"{stamp}.{line.unix_ms % 1000:03d}Z  {line.group}\n  {text}" + (f"\n{traceback}" if traceback else "")


def _seconds(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 30m, 24h or 7d")
    return int(match[1]) * _UNITS[match[2]]
