"""Environments: which requests start one, as Lambda runs a function. Times are in seconds.

A request takes the environment that was used last, or starts a new one; an environment that is not used ends after a
while. Requests come in blocks. A block that starts no environment is counted as a whole: then a month of a hundred
requests a second takes seconds. Any other block is run request by request.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from ops.simulation.arrivals import Times
from ops.simulation.queueing import erlang_b

BLOCKS_A_LIFE = 20
"""Blocks in the time that an idle environment is kept: the last use of an environment is known to within a block."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What Lambda does with a function's environments."""

    keep_seconds: float = 600
    """How long an idle environment is kept. AWS promises nothing; five to fifteen minutes are seen."""
    concurrency: int = 1000
    """Requests at once; more are refused. An account has 1,000 in a region unless AWS raised it."""
    starts: float = 1000
    starts_per_second: float = 100
    """Environments that a function may start at once, and more with each second: 1,000 in ten seconds.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html"""
    ready: int = 0
    """Provisioned concurrency: environments that are always there, and are used first."""


@dataclass(kw_only=True)
class Counts:
    """What became of the requests."""

    requests: int = 0
    refused: int = 0
    """Over the concurrency, or faster than environments may start."""
    beyond_ready: float = 0
    """Requests that no ready environment took."""
    most_at_once: int = 0
    cold_at: list[float] = field(default_factory=list[float])
    """When each environment was started, other than the ready ones."""
    cold_seconds: list[float] = field(default_factory=list[float])
    """How long the first request of each took."""

    @property
    def cold_count(self) -> int:
        """How many environments were started."""
        return len(self.cold_at)

    @property
    def cold_share(self) -> float:
        """The share of requests that started an environment."""
        return len(self.cold_at) / max(1, self.requests - self.refused)


class Environments:
    """The environments of one function.

    Args:
        platform: what Lambda does.
        warm_seconds: how long a request takes in an environment that runs.
        cold: how long the request takes that starts an environment at a time.
    """

    def __init__(self, platform: Platform, warm_seconds: float, cold: Callable[[float], float]) -> None:
        self.counts = Counts()
        self._platform, self._warm, self._cold = platform, warm_seconds, cold
        self._busy: list[float] = []
        """When the environments on demand finish: a heap."""
        self._busy_ready: list[float] = []
        self._idle: deque[float] = deque()
        """When the idle environments on demand were used last, the latest at the end."""
        self._starts, self._starts_at = platform.starts, 0.0
        self._guess = 1

    def run(self, arrivals: Iterable[Times], count_from: float = 0) -> Counts:
        """Answer all requests. `arrivals` are rising times, in arrays of any length. Nothing before `count_from` is
        counted: a function that was never called starts more environments than one in use."""
        longest = self._platform.keep_seconds / BLOCKS_A_LIFE
        counts_all = count_from <= 0
        for times in arrivals:
            begin = 0
            if not counts_all and len(times) and times[-1] >= count_from:
                begin = int(np.searchsorted(times, count_from))
                self._blocks(times[:begin], longest)
                self.counts, counts_all = Counts(), True
            self._blocks(times[begin:], longest)
        return self.counts

    def _blocks(self, times: Times, longest: float) -> None:
        begin = 0
        while begin < len(times):
            end = int(np.searchsorted(times, times[begin] + longest, "right"))
            self._block(times[begin:end])
            begin = end

    def _block(self, times: Times) -> None:
        self.counts.requests += len(times)
        if len(times) < 8 or not self._as_a_whole(times):
            self._one_by_one(times)

    def _one_by_one(self, times: Times) -> None:
        counts, ready, most = self.counts, self._platform.ready, self._platform.concurrency
        for at in times.tolist():
            self._settle(at)
            if len(self._busy_ready) < ready:
                heappush(self._busy_ready, at + self._warm)
            elif self._idle:
                self._idle.pop()
                counts.beyond_ready += 1
                heappush(self._busy, at + self._warm)
            elif len(self._busy) + len(self._busy_ready) >= most or not self._may_start(at):
                counts.refused += 1
            else:
                seconds = self._cold(at)
                counts.beyond_ready += 1
                counts.cold_at.append(at)
                counts.cold_seconds.append(seconds)
                heappush(self._busy, at + seconds)
            counts.most_at_once = max(counts.most_at_once, len(self._busy) + len(self._busy_ready))

    def _settle(self, at: float) -> None:
        """Let requests finish and idle environments end, up to a time."""
        while self._busy and self._busy[0] <= at:
            self._idle.append(heappop(self._busy))
        while self._busy_ready and self._busy_ready[0] <= at:
            heappop(self._busy_ready)
        while self._idle and self._idle[0] < at - self._platform.keep_seconds:
            self._idle.popleft()

    def _may_start(self, at: float) -> bool:
        platform = self._platform
        self._starts = min(platform.starts, self._starts + (at - self._starts_at) * platform.starts_per_second)
        self._starts_at = at
        if self._starts < 1:
            return False
        self._starts -= 1
        return True

    def _as_a_whole(self, times: Times) -> bool:
        """Count a block in which no environment starts; False, and nothing is changed but what ended before, if one
        might."""
        begin, end, ready = float(times[0]), float(times[-1]), self._platform.ready
        self._settle(begin)
        finishes = sorted((*self._busy, *self._busy_ready))
        if finishes and finishes[-1] > begin + self._warm:
            return False  # a start is under way
        all_times = np.concatenate((np.array(finishes) - self._warm, times))
        self._guess = most = _most_at_once(all_times, self._warm, self._guess)
        kept = sum(used >= end - self._platform.keep_seconds for used in self._idle)
        if most > ready + len(self._busy) + kept or most > self._platform.concurrency:
            return False
        self.counts.most_at_once = max(self.counts.most_at_once, most)
        if most > ready:
            load = len(times) * self._warm / max(end - begin, self._warm)
            self.counts.beyond_ready += len(times) * erlang_b(ready, load)
        self._after(begin, end, most, all_times)
        return True

    def _after(self, begin: float, end: float, most: int, times: Times) -> None:
        """The environments after a block that used `most` of them at once."""
        ready, on_demand = self._platform.ready, len(self._busy) + len(self._idle)
        finishes = (times[times > end - self._warm] + self._warm).tolist()
        used = max(0, most - ready)
        unused = [*self._idle, *([begin] * len(self._busy))][: on_demand - used]
        self._busy_ready, self._busy = finishes[:ready], finishes[ready:]
        self._idle = deque([*unused, *([end] * (used - len(self._busy)))])


def _most_at_once(times: npt.NDArray[np.float64], seconds: float, guess: int) -> int:
    """The most requests under way at once, if each takes so many seconds. `guess` is where the search begins."""

    def is_reached(count: int) -> bool:
        return count <= len(times) and bool((times[count - 1 :] - times[: len(times) - count + 1] < seconds).any())

    step = 1
    if is_reached(guess):
        low, high = guess, guess + 1
        while is_reached(high):
            low, high, step = high, high + 2 * step, 2 * step
    else:
        low, high = max(1, guess - 1), guess
        while not is_reached(low):
            low, high, step = max(1, low - 2 * step), low, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_reached(middle) else (low, middle)
    return low
