"""What failed is not tried again at once, and each time later."""

from collections.abc import Callable, Hashable
from math import ceil

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 64.0
"""After a failure the next try waits this long at first, twice as long after each further failure, and never longer."""


class Backoff:
    """Failures by key. The caller sees to it that one thread uses it at a time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[Hashable, tuple[float, float]] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._failures

    def remember(self, key: Hashable) -> None:
        """Note a failure."""
        delay, _ = self._failures.get(key, (FIRST_SECONDS / 2, 0.0))
        delay = min(delay * 2, LONGEST_SECONDS)
        self._failures[key] = (delay, self._clock() + delay)

    def forget(self, key: Hashable) -> None:
        """Note that it went well."""
        self._failures.pop(key, None)

    def seconds_left(self, key: Hashable) -> int:
        """Whole seconds until the next try, 0 if it may be now."""
        _, until = self._failures.get(key, (0.0, 0.0))
        return max(ceil(until - self._clock()), 0) if key in self._failures else 0
