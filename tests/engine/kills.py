"""Kills `pulumi up` at random moments of a switch, while callers call, and lets the stack recover each time.

`python -m tests.engine.kills` does so 50 times in each of three switches, and prints a line for each. After a kill come
`pulumi cancel`, `pulumi refresh --clear-pending-creates` and `pulumi up`, as docs/operations.md says. A second update
must change nothing then, and no request may fail. The SDK leaves what a killed engine was connected to: run this in a
process of its own.
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from local.changes import Change
from local.engine.stack import EngineStack
from local.living_stack import LivingStack
from local.shapes import Shape, Switch
from tests.engine.hunts import hunt, settings_of, small_stack

SWITCHES: Mapping[str, Switch] = {
    "storage": (Shape("s3", "multi"), Shape("efs", "multi")),
    "mode": (Shape("s3", "multi"), Shape("s3", "single")),
    "image": (Shape("s3files", "multi"), Shape("image", "multi")),
}
"""By name; each is thrown there and back."""


@dataclass(frozen=True, kw_only=True)
class Killed:
    """A switch in which the engine was killed."""

    change: Change
    after_seconds: float
    was_running: bool
    """False where the update had ended before."""
    is_settled: bool
    """Whether an update with the same settings then did nothing."""

    @property
    def went_well(self) -> bool:
        """Whether the stack converged, kept its address, and every request was answered rightly."""
        return self.is_settled and self.change.went_well and not self.change.moved

    def __str__(self) -> str:
        total = self.change.total
        when = f"killed after {self.after_seconds:.1f} s" if self.was_running else "had ended before it was killed"
        settled = "converged" if self.is_settled else "DOES NOT CONVERGE"
        return (
            f"{self.change.what}: {when}, {settled}; {total.requests} requests, {total.failed} failed, "
            f"{total.different} answers differ"
        )


def kills(stack: LivingStack, switch: Switch, count: int, chance: random.Random) -> Iterator[Killed]:
    """Throw a switch there and back, and kill the engine each time."""
    there = [settings_of(stack, shape) for shape in switch]
    stack.start(there[0])
    longest = [stack.change(f"{switch[0]} → {switch[1]}", there[1]).seconds]
    longest.append(stack.change(f"{switch[1]} → {switch[0]}", there[0]).seconds)
    for number in range(count):
        start, end = number % 2, 1 - number % 2
        seconds = chance.uniform(0, longest[start])
        running: list[bool] = []
        change = stack.change(
            f"{switch[start]} → {switch[end]}",
            there[end],
            first=lambda: running.append(_kill_and_recover(stack.engine, there[end], seconds)),  # noqa: B023 called now
        )
        settled = stack.engine.up(there[end]).quiet
        yield Killed(change=change, after_seconds=seconds, was_running=running[0], is_settled=settled)


def _kill_and_recover(engine: EngineStack, settings: Mapping[str, Any], seconds: float) -> bool:
    """Begin an update, kill its engine after a time, and let the state say what there is. Whether it was running."""
    update = threading.Thread(target=engine.up, args=(settings,))
    update.start()
    time.sleep(seconds)
    found = [each for each in psutil.Process().children(recursive=True) if each.name() == "pulumi"]
    for each in found:
        each.kill()
    update.join()
    recovered = engine.recover(settings)
    if not recovered.succeeded:
        raise RuntimeError("\n".join(["The stack cannot be refreshed:", *recovered.errors]))
    return bool(found)


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
