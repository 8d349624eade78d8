"""Kills `pulumi up` at random moments of a switch, while callers call, and lets the stack recover each time.

`python -m tests.engine.kills` does so 50 times in each of three switches, and prints a line for each. After a kill come
`pulumi cancel`, `pulumi refresh --clear-pending-creates`, `python -m ops orphans` with the commands that it lists, and
`pulumi up`, as docs/operations.md says. All that the interruption left without an owner must be listed, and go by those
commands. A second update must change nothing then, and no request may fail. An update that ended before its kill counts
as none. The SDK leaves what a killed engine was connected to: run this in a process of its own.
"""

import argparse
import itertools
import random
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import psutil

from local.changes import Change
from local.engine.running import EngineRun
from local.living_stack import LivingStack
from local.shapes import Shape, Switch
from ops.orphans import orphans
from tests.engine.hunts import hunt, settings_of, small_stack
from tests.engine.lost import remove_orphans, unlisted

SWITCHES: Mapping[str, Switch] = {
    "storage": (Shape("s3", "multi"), Shape("efs", "multi")),
    "mode": (Shape("s3", "multi"), Shape("s3", "single")),
    "image": (Shape("s3files", "multi"), Shape("image", "multi")),
}
"""By name; each is thrown there and back."""

WORK_SECONDS = 120
"""For how long the provider may go on after a kill. AWS's ends with its engine, between two requests."""

MOST_ATTEMPTS = 3
"""How many updates are begun for each that is to be killed, at most."""


@dataclass(frozen=True, kw_only=True)
class Killed:
    """A switch in which the engine was killed."""

    change: Change
    after_seconds: float
    was_running: bool
    """False where the update had ended before."""
    is_settled: bool
    """Whether an update with the same settings then did nothing."""
    orphans: int
    """How many things were listed that no state has."""
    wrong: str
    """What was not listed, or stayed though its commands were typed; empty for nothing."""

    @property
    def went_well(self) -> bool:
        """Whether the stack converged, kept its address, every request was answered rightly, and all orphans went."""
        return self.is_settled and self.change.went_well and not self.change.moved and not self.wrong

    def __str__(self) -> str:
        total = self.change.total
        when = f"killed after {self.after_seconds:.1f} s" if self.was_running else "had ended before it was killed"
        settled = "converged" if self.is_settled else "DOES NOT CONVERGE"
        return (
            f"{self.change.what}: {when}, {settled}; {total.requests} requests, {total.failed} failed, "
            f"{total.different} answers differ; {self.orphans} orphans{self.wrong and f': {self.wrong}'}"
        )


def kills(stack: LivingStack, switch: Switch, count: int, chance: random.Random) -> Iterator[Killed]:
    """Throw a switch there and back, until so many updates were killed. Raises RuntimeError if most end before."""
    there = [settings_of(stack, shape) for shape in switch]
    stack.start(there[0])
    longest = [stack.change(f"{switch[0]} → {switch[1]}", there[1]).seconds]
    longest.append(stack.change(f"{switch[1]} → {switch[0]}", there[0]).seconds)
    killed = 0
    for number in itertools.count():
        if killed == count:
            return
        if number >= MOST_ATTEMPTS * count:
            raise RuntimeError(f"of {number} updates, {number - killed} ended before they were killed")
        start, end = number % 2, 1 - number % 2
        seconds = chance.uniform(0, longest[start])
        run, found = EngineRun(account=stack.account, stack=stack.engine), list[_Recovered]()
        change = stack.change(
            f"{switch[start]} → {switch[end]}",
            there[end],
            first=lambda: found.append(_kill_and_recover(run, there[end], seconds)),  # noqa: B023 called now
        )
        settled = stack.engine.up(there[end]).quiet
        killed += found[0].was_running
        yield Killed(
            change=change,
            after_seconds=seconds,
            was_running=found[0].was_running,
            is_settled=settled,
            orphans=found[0].orphans,
            wrong=", ".join([*found[0].wrong, *_unlisted_now(run)]),
        )


class _Recovered(NamedTuple):
    """What was found between a kill and the next update."""

    was_running: bool
    orphans: int
    wrong: Sequence[str]


def _unlisted_now(run: EngineRun) -> list[str]:
    """What the account holds that is neither in the state nor listed as an orphan."""
    state = run.stack.exported()
    return [f"{each} is not listed" for each in unlisted(run.account, state, orphans(state, run.account.client))]


def _kill_and_recover(run: EngineRun, settings: Mapping[str, Any], seconds: float) -> _Recovered:
    """Begin an update, kill its engine after a time, let the state say what there is, and remove the orphans."""
    engine = run.stack
    update = threading.Thread(target=engine.up, args=(settings,))
    update.start()
    time.sleep(seconds)
    killed = 0
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if each.name() == "pulumi" and each.status() != psutil.STATUS_ZOMBIE:
                each.kill()
                killed += 1
    update.join()
    if not run.account.work.wait(WORK_SECONDS):
        raise RuntimeError(f"The provider still works on what a killed engine asked for, after {WORK_SECONDS} s")
    recovered = engine.recover(settings)
    if not recovered.succeeded:
        raise RuntimeError("\n".join(["The stack cannot be refreshed:", *recovered.errors]))
    listed, lacking = len(orphans(engine.exported(), run.account.client)), _unlisted_now(run)
    stays = [f"{orphan.arn} stays" for orphan in remove_orphans(run, run.account.project)]
    return _Recovered(killed > 0, listed, [*lacking, *stays])


def main() -> int:
    """Run the kills; 1 if the stack did not converge once, or a request failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, metavar="N", help="in each switch (default: 50)")
    parser.add_argument("--switch", choices=SWITCHES, action="append", help="only this switch; repeatable")
    parser.add_argument("--seed", type=int, default=None, help="repeats the moments of a run before")
    options = parser.parse_args()

    def rounds(name: str, chance: random.Random) -> Iterator[Killed]:
        with small_stack() as stack:
            yield from kills(stack, SWITCHES[name], options.kills, chance)

    return hunt(options.switch or SWITCHES, rounds, options.seed, "every switch converged")


if __name__ == "__main__":
    sys.exit(main())
