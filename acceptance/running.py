"""Runs cases: deploys each stack, holds its checks, switches it under a caller, and takes it away, whatever happens."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from acceptance.cases import DESTROY, UP, Case, failing_title, title
from acceptance.changing import fail, switch
from acceptance.checks import CHECKS, Deployed
from acceptance.record import Outcome, Record
from acceptance.targets import STACK, Target
from local.held_out import HeldOut
from local.publishing import copy_model
from ops.orphans import STACK_TAG

Open = Callable[[Path, str], AbstractContextManager[Target]]
"""Opens the target for a case: its directory, and the stack file."""


def run(
    cases: Sequence[Case], record: Record, directory: Path, held_out: HeldOut, packaged: Path, open_target: Open
) -> Iterator[Outcome]:
    """Run the cases that have not held yet. `packaged` is the model's directory in a repository."""
    for case in cases:
        known = record.outcomes.get(case.name)
        if known is not None and known.held:
            yield known
            continue
        own = directory / case.name
        outcome = Outcome(case=case.name)
        with open_target(own, case.file) as target:
            try:
                if known is not None and not known.gone and not target.emulated:
                    _take_away(target, outcome)
                record.keep(outcome)
                _hold(case, target, outcome, held_out, packaged, own / "models")
            finally:
                _take_away(target, outcome)
                record.keep(outcome)
        yield outcome


def _hold(case: Case, target: Target, outcome: Outcome, held_out: HeldOut, packaged: Path, models: Path) -> None:
    shutil.rmtree(models, ignore_errors=True)
    model = copy_model(packaged, packaged.name, models)
    settings = {"modelRepository": str(models), "deleteModelsOnDestroy": True, **target.settings, **case.settings}
    result = target.stack.up(settings)
    outcome.seconds[UP] = result.seconds
    if not result.succeeded:
        outcome.failures[UP] = "; ".join(result.errors)
        return
    stack = Deployed(target=target, held_out=held_out, model=model, outputs=result.outputs)
    for name in case.checks:
        _timed(name, stack, outcome, CHECKS[name])
    for change in case.switches:
        _timed(title(change), stack, outcome, partial(switch, settings=change))
    if case.failing:
        _timed(failing_title(case.failing), stack, outcome, partial(fail, settings=case.failing))


def _timed(name: str, stack: Deployed, outcome: Outcome, step: Callable[[Deployed], None]) -> None:
    began, before = time.monotonic(), stack.requests
    try:
        step(stack)
    except Exception as error:  # one that fails must not keep the others from being looked at
        outcome.failures[name] = str(error) or type(error).__name__
    outcome.seconds[name] = time.monotonic() - began
    outcome.requests[name] = stack.requests - before


def _take_away(target: Target, outcome: Outcome) -> None:
    result = target.stack.destroy()
    outcome.gone, outcome.seconds[DESTROY] = result.succeeded, result.seconds
    if not result.succeeded:
        outcome.failures[DESTROY] = "; ".join(result.errors)
    outcome.left = sorted(_tagged(target))


def _tagged(target: Target) -> Iterator[str]:
    pages = target.client("resourcegroupstaggingapi").get_paginator("get_resources")
    for page in pages.paginate(TagFilters=[{"Key": STACK_TAG, "Values": [f"tensorflow-lambda/{STACK}"]}]):
        yield from (each["ResourceARN"] for each in page["ResourceTagMappingList"])
