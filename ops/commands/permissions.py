"""`python -m ops permissions`: writes docs/permissions.md, or prints the policy of whoever deploys a stack."""

import json
import sys
from argparse import ArgumentParser, Namespace

from local.stack_config import PROJECT, parse_override
from ops import permissions_page
from ops.permissions import deployer
from ops.program import record

NAME = "permissions"
HELP = f"write {permissions_page.FILE}: who needs which permissions; with --stack, print the policy of its deployer"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
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
    file = PROJECT / permissions_page.FILE
    text = permissions_page.document(PROJECT)
    if not options.check:
        file.write_text(text)
        print(f"{permissions_page.FILE} is written")
        return 0
    if file.is_file() and file.read_text() == text:
        return 0
    print(f"{permissions_page.FILE} is out of date; `make permissions` writes it", file=sys.stderr)
    return 1
