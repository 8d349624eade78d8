"""`python -m local switch`: throws a stack's switches while callers call it, and prints what they got."""

import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local.changes import HEADER, Change
from local.engine.running import engine_run
from local.engine.stack import required_pulumi
from local.held_out import read_held_out
from local.living_stack import LivingStack
from local.publishing import point, versions_of
from local.questions import Question, questions_of
from local.shapes import Shape
from local.stack import SETTINGS
from local.stack_config import PROJECT
from local.table import table

BUILD = PROJECT / "build"

WORK = BUILD / "switch"
"""What is made for switching: a repository of models with one that was trained twice."""

RETRAINED, SEED = "iris", 43
"""The model that is published in between, and the seed of its second training."""

CONCURRENCY = 1000
"""How many environments the account may run at a time: AWS's usual quota."""


class SwitchError(Exception):
    """The models to switch with could not be made; the message has the reason."""


def run_switch(way: Sequence[Shape], *, per_second: float, port: int = 0) -> Sequence[Change]:
    """Throw the switches on a way through the shapes, and print a line for each.

    A version is published in each storage once. Raises EngineError, SwitchError, and ChangeError.
    """
    changes: list[Change] = []
    with living_stack(per_second=per_second, port=port) as stack:
        settings = _settings_of(way[0])
        print(f"{per_second:g} requests a second, to {', '.join(stack.models)}, in both dialects")
        begun = stack.start(settings)
        print(f"{way[0]}: {begun.changes.get('create', 0)} resources in {begun.seconds:.1f} s", flush=True)
        for change in _thrown(stack, way):
            tell(change)
            changes.append(change)
    print()
    print(table(HEADER, [change.cells() for change in changes], right=set(range(1, len(HEADER)))))
    print()
    print(conclusion(changes))
    return changes


def tell(change: Change) -> None:
    """Print a line for a change, and one for each problem."""
    total = change.total
    moved = f"; not kept: {', '.join(change.moved)}" if change.moved else ""
    print(
        f"{change.what}: {change.seconds:.1f} s, {total.requests} requests, {total.failed} failed, "
        f"{total.different} answers differ{moved}",
        flush=True,
    )
    for problem in total.problems:
        print(f"  {problem}", flush=True)


def conclusion(changes: Sequence[Change]) -> str:
    """One sentence about all changes."""
    updates = [change for change in changes if change.resources]
    total = [change.total for change in changes]
    kept = sum(not change.moved for change in updates)
    return (
        f"{len(updates)} changes of the stack, {len(changes) - len(updates)} publications, "
        f"{sum(each.requests for each in total)} requests: {sum(each.failed for each in total)} failed, "
        f"{sum(each.different for each in total)} answers differ. "
        f"The bucket and the API's address were kept in {kept} of {len(updates)}."
    )


@contextmanager
def living_stack(*, per_second: float, port: int = 0) -> Generator[LivingStack]:
    """A stack of the sample models, not deployed yet, in an account of its own. Raises EngineError, SwitchError."""
    required_pulumi()
    repository = _prepared_repository()
    with (
        TemporaryDirectory(prefix="tensorflow-lambda-state-") as state,
        engine_run(Path(state), port=port, concurrency=CONCURRENCY) as run,
        LivingStack(run.account, run.stack, repository, _questions(), per_second=per_second) as stack,
    ):
        yield stack


def _thrown(stack: LivingStack, way: Sequence[Shape]) -> Iterator[Change]:
    published: set[str] = set()
    for start, end in pairwise(way):
        if start.storage not in published:
            published.add(start.storage)
            yield stack.publish(RETRAINED, like=1 + len(published) % 2)
        yield stack.change(f"{start} → {end}", _settings_of(end))


def _settings_of(shape: Shape) -> Mapping[str, Any]:
    """The bucket is protected, as it is where nobody says otherwise."""
    repository = str(WORK / "repository")
    return {**SETTINGS, "deleteModelsOnDestroy": False, "modelRepository": repository, **shape._asdict()}


def _prepared_repository() -> Path:
    """The packaged sample models, one of them with a second version that is not current."""
    repository = WORK / "repository"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(BUILD / "repository", repository)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "models", "build", RETRAINED, "--seed", str(SEED)),
            *("--exports", str(WORK / "exports"), "--repository", str(repository)),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SwitchError(f"{RETRAINED} could not be trained again:\n{done.stderr or done.stdout}")
    point(repository / RETRAINED, versions_of(repository / RETRAINED)[0])
    return repository


def _questions() -> Sequence[Question]:
    """Questions to all sample models, those to one model far apart."""
    models = sorted(path.name for path in (BUILD / "exports").iterdir())
    held_out = [each for model in models if (each := read_held_out(BUILD, model))]
    by_model = [list(questions_of(each)) for each in held_out]
    return [question for together in zip(*by_model, strict=False) for question in together]
