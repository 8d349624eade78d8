"""How much time the present request has left. What a request may wait for asks here."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager


class _Limit(threading.local):
    until = float("inf")


_limit = _Limit()


@contextmanager
def limited_to(seconds: float) -> Generator[None]:
    """Inside the block, this thread has so many seconds, or what a block around it leaves.

    Threads that it starts have no limit.
    """
    before = _limit.until
    _limit.until = min(before, time.monotonic() + seconds)
    try:
        yield
    finally:
        _limit.until = before


def deadline(seconds: float) -> float:
    """The time by the monotonic clock in so many seconds, or at the end of the request's time, if that is sooner."""
    return min(time.monotonic() + seconds, _limit.until)
