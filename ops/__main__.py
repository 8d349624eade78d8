"""What a stack would grant and create, told without an AWS account: `python -m ops iam`, `python -m ops resources`."""

import argparse
import sys

from local.stack_config import PROJECT, StackConfigError, parse_override
from ops import grants, resources
from ops.program import record


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit status is 1 where what it looked at is not as it should be, 2 where it could not look."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except (StackConfigError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    iam = commands.add_parser("iam", help="print every policy that a stack makes")
    iam.add_argument("--stack", default="dev", help="whose Pulumi.<stack>.yaml is read (default: dev)")
    iam.add_argument("--config", action="append", default=[], metavar="key=value", help="a setting; may be repeated")
    iam.add_argument("--json", action="store_true", help="print documents for a program to read")
    iam.set_defaults(run=_iam)
    table = commands.add_parser("resources", help="write what each shape of stack creates and costs")
    table.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
    table.set_defaults(run=_resources)
    return parser


def _iam(chosen: argparse.Namespace) -> int:
    overrides = dict(map(parse_override, chosen.config))
    found = grants.policies(record(PROJECT, chosen.stack, overrides))
    print(grants.as_json(found) if chosen.json else grants.as_text(found))
    for breach in (breaches := grants.unexplained(found)):
        print(f"wider than it needs to be: {breach}", file=sys.stderr)
    return 1 if breaches else 0


def _resources(chosen: argparse.Namespace) -> int:
    written = PROJECT / resources.FILE
    text = resources.document(PROJECT)
    if not chosen.check:
        written.write_text(text)
        print(f"{resources.FILE} is written")
        return 0
    if written.is_file() and written.read_text() == text:
        return 0
    print(f"{resources.FILE} is out of date; `make resources` writes it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
