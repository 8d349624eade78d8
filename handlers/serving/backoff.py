"""Delays between tries of what fails: each is twice as long as the one before."""

from collections.abc import Callable, Hashable
from math import ceil

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 64.0
"""The delay after the first failure, and the longest delay."""


class Backoff:
    """Failures by key. Not thread-safe: the cache calls it with its lock held."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[Hashable, tuple[float, float]] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._failures

    def remember(self, key: Hashable) -> None:
        """Note a failure: the next try has to wait."""
        delay, _ = self._failures.get(key, (FIRST_SECONDS / 2, 0.0))
        delay = min(delay * 2, LONGEST_SECONDS)
        self._failures[key] = (delay, self._clock() + delay)

    def forget(self, key: Hashable) -> None:
        """Note a success: the next failure is a first one again."""
        self._failures.pop(key, None)

    def seconds_left(self, key: Hashable) -> int:
        """Whole seconds until the next try is due; 0 if it is due now."""
        _, until = self._failures.get(key, (0.0, 0.0))
        return max(ceil(until - self._clock()), 0) if key in self._failures else 0
