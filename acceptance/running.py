"""Runs cases: deploys each stack, holds its checks, switches it under a caller, and takes it away, whatever happens."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from acceptance.cases import Case
from acceptance.checks import CHECKS, Deployed, require
from acceptance.targets import STACK, Target
from local.held_out import HeldOut
from local.publishing import copy_model
from ops.orphans import STACK_TAG

PACE_SECONDS = 0.2
"""Between the requests of a caller while a stack is switched."""

Open = Callable[[Path, str], AbstractContextManager[Target]]
"""Opens the target for a case: its directory, and the stack file."""


@dataclass(kw_only=True)
class Outcome:
    """What became of a case."""

    case: str
    gone: bool = False
    """Whether its stack was taken away. If not, the next run does it first."""
    failures: dict[str, str] = field(default_factory=dict[str, str])
    """By what did not hold, with the reason."""
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """How long each step took."""
    left: list[str] = field(default_factory=list[str])
    """The ARNs of what still has the stack's tag."""

    @property
    def held(self) -> bool:
        """Whether everything held, and nothing is left."""
        return self.gone and not self.failures and not self.left


class Record:
    """The outcomes in a directory, so that a later run goes on where this one ended."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "outcomes.json"
        directory.mkdir(parents=True, exist_ok=True)
        known = json.loads(self._file.read_text()) if self._file.exists() else {}
        self.outcomes = {name: Outcome(**values) for name, values in known.items()}

    def keep(self, outcome: Outcome) -> None:
        """Write an outcome down."""
        self.outcomes[outcome.case] = outcome
        written = json.dumps({name: asdict(each) for name, each in self.outcomes.items()}, indent=1)
        incoming = self._file.with_suffix(".new")
        incoming.write_text(written)
        incoming.replace(self._file)


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
    outcome.seconds["up"] = result.seconds
    if not result.succeeded:
        outcome.failures["up"] = "; ".join(result.errors)
        return
    stack = Deployed(target=target, held_out=held_out, model=model, outputs=result.outputs)
    for name in case.checks:
        _timed(name, outcome, lambda name=name: CHECKS[name](stack))
    for change in case.switches:
        _timed(_title(change), outcome, lambda change=change: _switch(stack, change))


def _timed(name: str, outcome: Outcome, step: Callable[[], object]) -> None:
    began = time.monotonic()
    try:
        step()
    except Exception as error:  # one that fails must not keep the others from being looked at
        outcome.failures[name] = str(error) or type(error).__name__
    outcome.seconds[name] = time.monotonic() - began


def _switch(stack: Deployed, settings: Mapping[str, Any]) -> None:
    """Change the stack while a caller calls. Raises NotHeldError if a request failed."""
    refused: list[int] = []
    ended = threading.Event()

    def call() -> None:
        while not ended.wait(PACE_SECONDS):
            status, _ = stack.predict()
            if status != 200:
                refused.append(status)

    caller = threading.Thread(target=call)
    caller.start()
    try:
        result = stack.target.stack.up(settings)
    finally:
        ended.set()
        caller.join()
    require(result.succeeded, "; ".join(result.errors))
    require(not refused, f"{len(refused)} requests failed while it was switched: {sorted(set(refused))}")


def _title(change: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in change.items())


def _take_away(target: Target, outcome: Outcome) -> None:
    result = target.stack.destroy()
    outcome.gone, outcome.seconds["destroy"] = result.succeeded, result.seconds
    if not result.succeeded:
        outcome.failures["destroy"] = "; ".join(result.errors)
    outcome.left = sorted(_tagged(target))


def _tagged(target: Target) -> Iterator[str]:
    pages = target.client("resourcegroupstaggingapi").get_paginator("get_resources")
    for page in pages.paginate(TagFilters=[{"Key": STACK_TAG, "Values": [f"tensorflow-lambda/{STACK}"]}]):
        yield from (each["ResourceARN"] for each in page["ResourceTagMappingList"])
