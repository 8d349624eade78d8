"""Deploys the program for real, case by case, holds what it promises, and takes everything away again.

    make acceptance TARGET=local                        on this machine's emulated AWS, under Pulumi's own engine
    make acceptance TARGET=aws REGION=eu-west-1 BUDGET=5

An interrupted run takes the stack away that it was at, and goes on there when it is started again.
"""

import argparse
import io
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from functools import cache, partial
from pathlib import Path
from typing import Any

from acceptance.bill import StackOf, as_table, measured, planned, together
from acceptance.cases import CASES, DOMAIN, Case, domain_case
from acceptance.record import Outcome, Record
from acceptance.report import as_text
from acceptance.running import Open, run
from acceptance.targets import TargetError, in_an_account, on_this_machine
from local.engine.stack import EngineError
from local.held_out import read_held_out
from local.stack_config import PROJECT
from ops.example_stacks import Examples
from ops.recorder import Recorder

DIRECTORY = PROJECT / "build" / "acceptance"
MODEL = "iris"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; the exit code is 0 if all held, 1 if one did not, 2 if nothing could be run."""
    options = _parse(arguments)
    stack_of = _recorded(options.directory / "estimate")
    if (refusal := _domain_refusal(options, stack_of)) is not None:
        return _refuse(refusal)
    cases = [*CASES, *([domain_case(options.domain, options.certificate)] if options.domain else [])]
    chosen = [case for case in cases if not options.only or case.name in options.only]
    if unknown := sorted(set(options.only) - {case.name for case in cases}):
        return _refuse(f"there is no case {', '.join(unknown)}; there are {', '.join(case.name for case in cases)}")
    held_out = read_held_out(PROJECT / "build", MODEL)
    if held_out is None:
        return _refuse("the sample models are not there; run `make models`")
    if (refusal := _budget_refusal(options, chosen, stack_of)) is not None:
        return _refuse(refusal)
    directory = options.directory / options.target
    outcomes = list[Outcome]()
    try:
        packaged = PROJECT / "build" / "repository" / MODEL
        for outcome in run(chosen, Record(directory), directory, held_out, packaged, _opening(options)):
            outcomes.append(outcome)
            print(f"{outcome.case}: {'held' if outcome.held else 'did not hold'}", flush=True)
    except (TargetError, EngineError) as error:
        return _refuse(str(error))
    finally:
        _report(options, chosen, outcomes, stack_of)
    return 0 if all(outcome.held for outcome in outcomes) else 1


def _report(options: argparse.Namespace, cases: Sequence[Case], outcomes: Sequence[Outcome], stack_of: StackOf) -> None:
    print("", as_text(outcomes), sep="\n")
    if not options.domain and not options.only:
        print(f"Left out: {DOMAIN}, which needs --domain NAME and --certificate ARN (make: DOMAIN=, CERTIFICATE=).")
    named = {case.name: case for case in cases}
    bill = together(measured(named[outcome.case], outcome, stack_of) for outcome in outcomes)
    cost = "cost" if options.target == "aws" else "would have cost in an account"
    print("", f"In the minutes that they existed, the cases {cost}, without what is stored:", as_table(bill), sep="\n")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m acceptance", description=__doc__)
    parser.add_argument("--target", choices=("local", "aws"), required=True, help="where to deploy")
    parser.add_argument("--region", help="with aws: the region")
    parser.add_argument("--budget", type=float, metavar="USD", help="with aws: refuse what would cost more")
    parser.add_argument("--domain", metavar="NAME", help=f"adds the case {DOMAIN}: a domain name for its API")
    parser.add_argument("--certificate", metavar="ARN", help="with --domain: its certificate, in the same region")
    parser.add_argument("--only", action="append", default=[], metavar="CASE", help="run this case alone; repeatable")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _opening(options: argparse.Namespace) -> Open:
    return on_this_machine if options.target == "local" else partial(in_an_account, region=options.region)


def _recorded(directory: Path) -> StackOf:
    """Records what a case deploys, with an example in the place of its model. What the program warns of is not shown:
    an update shows it."""
    known = dict[str, Recorder]()
    examples = cache(partial(Examples, PROJECT, directory))

    def stack_of(file: str, settings: Mapping[str, Any]) -> Recorder:
        asked = json.dumps([file, settings], sort_keys=True)
        if asked not in known:
            with redirect_stderr(io.StringIO()):
                known[asked] = examples().file(file, {**settings, "models": [MODEL]})
        return known[asked]

    return stack_of


def _domain_refusal(options: argparse.Namespace, stack_of: StackOf) -> str | None:
    """Why there is no case of this domain name, if so."""
    if bool(options.domain) != bool(options.certificate) or (DOMAIN in options.only and not options.domain):
        return f"the case {DOMAIN} needs both --domain NAME and --certificate ARN"
    if options.domain:
        case = domain_case(options.domain, options.certificate)
        try:
            stack_of(case.file, case.settings)
        except ValueError as error:  # of the settings
            return str(error)
    return None


def _budget_refusal(options: argparse.Namespace, cases: Sequence[Case], stack_of: StackOf) -> str | None:
    """Print what the cases would cost in an account; why they are not run, if so."""
    if options.target == "local":
        return None
    if not options.region or options.budget is None:
        return "an account needs --region and --budget (make acceptance TARGET=aws REGION=eu-west-1 BUDGET=5)"
    bill = together(planned(case, stack_of) for case in cases)
    items = ", ".join(f"{item} {amount:,.2f}" for item, amount in bill.items())
    print(f"{len(cases)} cases cost about ${sum(bill.values()):,.2f}: {items}")
    if sum(bill.values()) > options.budget:
        return f"that is more than the budget of ${options.budget:,.2f}; choose cases with --only, or raise it"
    return None


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
