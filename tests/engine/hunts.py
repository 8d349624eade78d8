"""A hunt: rounds in which something goes wrong with a small stack while callers call, with a line for each."""

import random
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from local.changes import Change
from local.engine.running import engine_run
from local.living_stack import LivingStack
from local.setting_changes import defaults
from local.shapes import Shape
from local.stack import SETTINGS
from local.switch_models import CONCURRENCY, questions_to, two_versions


class Ended(Protocol):
    """A round that ended. Its text is a line of the hunt's output."""

    @property
    def change(self) -> Change:
        """What the stack went through."""
        ...

    @property
    def went_well(self) -> bool:
        """Whether nothing was seen that must not be."""
        ...


def hunt(
    kinds: Iterable[str], rounds: Callable[[str, random.Random], Iterator[Ended]], seed: int | None, if_well: str
) -> int:
    """Run the rounds of each kind and print a line for each: the exit status, 1 if one went wrong.

    Args:
        kinds: by name.
        rounds: the rounds of a kind, with the chance that decides their moments.
        seed: repeats the moments of a hunt before; None for new ones. The first line says which it is.
        if_well: the last line if every round went well.
    """
    seed = random.randrange(1 << 32) if seed is None else seed  # noqa: S311
    print(f"seed {seed}", flush=True)
    failed = 0
    for kind in kinds:
        for ended in rounds(kind, random.Random(f"{seed} {kind}")):  # noqa: S311
            print(f"  {ended}", *ended.change.total.problems, sep="\n    ", flush=True)
            failed += not ended.went_well
    print(if_well if not failed else f"{failed} went wrong")
    return 1 if failed else 0


@contextmanager
def small_stack(per_second: float = 5) -> Generator[LivingStack]:
    """A stack of two models, not deployed yet, with callers who send so many requests a second."""
    models = two_versions("kills", others=["wine"])
    with (
        TemporaryDirectory() as directory,
        engine_run(Path(directory), concurrency=CONCURRENCY) as run,
        LivingStack(
            run.account, run.stack, models, questions_to(models), per_second=per_second, calm_seconds=1
        ) as stack,
    ):
        yield stack


def settings_of(stack: LivingStack, shape: Shape) -> Mapping[str, Any]:
    """The settings with which a small stack takes this shape."""
    kept = {"deleteModelsOnDestroy": False, "modelRepository": str(stack.repository)}
    return {**defaults(), **SETTINGS, **kept, **shape._asdict()}
