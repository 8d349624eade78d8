"""`python -m ops iam`: prints every IAM policy of a stack."""

import sys
from argparse import ArgumentParser, Namespace

from local.stack_config import PROJECT, parse_override
from ops import grants
from ops.program import record

NAME = "iam"
HELP = "print every IAM policy of a stack"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--stack", default="dev", metavar="NAME", help="the stack file Pulumi.NAME.yaml (default: dev)")
    parser.add_argument(
        "--config", action="append", default=[], metavar="KEY=VALUE", help="overrides a setting; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print the policies as JSON")


def run(options: Namespace) -> int:
    """Print the policies; the exit code is 1 if one is wider than it needs to be."""
    found = grants.policies(record(PROJECT, options.stack, dict(map(parse_override, options.config))))
    print(grants.as_json(found) if options.json else grants.as_text(found))
    breaches = grants.unexplained(found)
    for breach in breaches:
        print(f"wider than it needs to be: {breach}", file=sys.stderr)
    return 1 if breaches else 0
