"""Where steps begin and end inside a process, and what each step took.

Steps lie inside one another: what happens while several are open belongs to the one that began last.
"""

import os
from collections.abc import Sequence
from itertools import pairwise
from time import monotonic
from typing import NamedTuple

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Amount(NamedTuple):
    """What a step took, or a process so far."""

    seconds: float = 0.0
    """Of a process so far: the monotonic clock, which all processes of a machine share."""
    memory_bytes: int = 0
    """Memory in RAM that was gained."""
    read_bytes: int = 0
    """What was read from files, by calls and by the pages of mapped files that came into RAM, whether or not the system
    held them in memory already."""

    def plus(self, other: "Amount") -> "Amount":
        """Both together."""
        return Amount(
            self.seconds + other.seconds, self.memory_bytes + other.memory_bytes, self.read_bytes + other.read_bytes
        )

    def since(self, before: "Amount") -> "Amount":
        """What was taken after `before`."""
        return Amount(
            self.seconds - before.seconds, self.memory_bytes - before.memory_bytes, self.read_bytes - before.read_bytes
        )


class Boundary(NamedTuple):
    """The beginning or the end of a step."""

    step: str
    is_end: bool
    reading: Amount
    """What the process has taken so far."""


def read_process() -> Amount:
    """What this process has taken so far. Raises OSError where there is no /proc."""
    now = monotonic()
    with open("/proc/self/statm", "rb") as memory, open("/proc/self/io", "rb") as files:  # noqa: PTH123 - imports more
        _, resident, mapped, *_ = memory.read().split()
        by_calls = int(files.readline().split()[1])
    return Amount(now, int(resident) * PAGE_BYTES, by_calls + int(mapped) * PAGE_BYTES)


def read_by_this_thread() -> int:
    """Bytes that this thread read from files by calls so far. Raises OSError where there is no /proc."""
    with open("/proc/thread-self/io", "rb") as files:  # noqa: PTH123 - imports more
        return int(files.readline().split()[1])


def amounts(boundaries: Sequence[Boundary]) -> dict[str, Amount]:
    """What each step took, without the steps that began inside it. What lies outside of all steps is left out.

    Args:
        boundaries: in the order of their readings.
    """
    taken: dict[str, Amount] = {}
    open_steps: list[str] = []
    for boundary, following in pairwise(boundaries):
        if boundary.is_end:
            open_steps.reverse()
            open_steps.remove(boundary.step)  # the one that began last
            open_steps.reverse()
        else:
            open_steps.append(boundary.step)
        if open_steps:
            step = open_steps[-1]
            taken[step] = taken.get(step, Amount()).plus(following.reading.since(boundary.reading))
    return taken
