"""How much time the present request has left. What a request may wait for asks here."""

import threading
import time


class _Limit(threading.local):
    until = float("inf")


_limit = _Limit()


class LimitedTo:
    """Inside the block, this thread has so many seconds, or what a block around it leaves.

    Threads that it starts have no limit.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        self._before = _limit.until
        _limit.until = min(self._before, time.monotonic() + self._seconds)

    def __exit__(self, *failure: object) -> None:
        _limit.until = self._before


def deadline(seconds: float) -> float:
    """The time by the monotonic clock in so many seconds, or at the end of the request's time, if that is sooner."""
    return min(time.monotonic() + seconds, _limit.until)
