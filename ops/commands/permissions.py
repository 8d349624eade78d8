"""`python -m ops permissions`: writes docs/permissions.md, or prints the policy of whoever deploys a stack."""

import json
from argparse import ArgumentParser, Namespace

from local.stack_config import PROJECT, parse_override
from ops import permissions_page
from ops.permissions import deployer
from ops.program import record
from ops.written_page import add_check, write_or_check

NAME = "permissions"
HELP = f"write {permissions_page.FILE}: who needs which permissions; with --stack, print the policy of its deployer"


def add_arguments(parser: ArgumentParser) -> None:
    add_check(parser)
    parser.add_argument("--stack", metavar="NAME", help="print the policy for the stack file Pulumi.NAME.yaml instead")
    parser.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="with --stack: overrides a setting; repeatable",
    )


def run(options: Namespace) -> int:
    """Write the page, check it, or print a policy; the exit code is 1 if the check finds it out of date."""
    if options.stack:
        stack = record(PROJECT, options.stack, dict(map(parse_override, options.config)))
        print(json.dumps({"Version": "2012-10-17", "Statement": deployer(stack)}, indent=2))
        return 0
    page = permissions_page.document(PROJECT)
    return write_or_check(PROJECT, permissions_page.FILE, page, check=options.check, command="make permissions")
