"""Pace: how fast S3 is asked. All requests of a function share one.

There is no limit until S3 first asks for fewer requests. Then the rate follows the curve that the SDKs use in their
adaptive mode, after TCP's CUBIC: it drops at once, returns quickly to where it was, stays near that for a while, and
then grows beyond it. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

import os
import threading
import time
from collections import deque

DROP = 0.7
"""The share of the rate that is left after S3 asked for fewer requests."""

GROWTH = 0.4
"""How quickly the rate grows, in requests per second cubed."""

LOWEST, UNLIMITED = 0.5, 1000.0
"""The lowest rate, and the rate from which on there is no limit again, in requests per second."""

FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0
"""Seconds: the longest delay before the second try of a request doubles with each try, up to the longest of all."""


class TooSoon(Exception):
    """The next request is not due before the time is over. The message says why."""


class Pace:
    """A bucket of tokens: each request takes one, and they come back at the rate. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sent: deque[float] = deque()
        """When the requests of the last second were sent."""
        self._rate: float | None = None
        """Requests per second; None for no limit."""
        self._highest = 0.0
        """The rate before it was last dropped."""
        self._dropped_at = 0.0
        self._tokens, self._filled_at = 0.0, 0.0

    def take(self, until: float, stop: threading.Event | None = None) -> float:
        """Wait for the turn of a request; returns when it was sent, for `refused`.

        Args:
            until: the time, by the monotonic clock, at which waiting is of no use any more.
            stop: ends the wait when it is set.

        Raises TooSoon.
        """
        with self._changed:
            while (rate := self._rate) is not None:
                now = time.monotonic()
                self._tokens = min(self._tokens + (now - self._filled_at) * rate, 1.0)
                self._filled_at = now
                if self._tokens >= 1:
                    self._tokens -= 1
                    break
                due = now + (1 - self._tokens) / rate
                if due > until or (stop is not None and stop.is_set()):
                    raise TooSoon(f"S3 asked for fewer requests, and the next one is due in {due - now:.1f} seconds")
                self._changed.wait(min(due - now, 0.1))
            self._sent.append(time.monotonic())
            self._measured()
            return self._sent[-1]

    def refused(self, sent: float) -> None:
        """Note that S3 answered a request, sent at this time, by asking for fewer."""
        with self._changed:
            if self._rate is not None and sent <= self._dropped_at:
                return  # it was sent at the higher rate, which has been dropped already
            # One try is not held back at first: most often a single request is refused, and the next one is not.
            self._tokens = 1.0 if self._rate is None else 0.0
            self._highest = max(self._rate or self._measured(), LOWEST)
            self._rate = max(self._highest * DROP, LOWEST)
            self._dropped_at = self._filled_at = time.monotonic()

    def answered(self) -> None:
        """Note that S3 answered a request."""
        if self._rate is None:
            return
        with self._changed:
            back_at_highest = (self._highest * (1 - DROP) / GROWTH) ** (1 / 3)
            elapsed = time.monotonic() - self._dropped_at
            curve = GROWTH * (elapsed - back_at_highest) ** 3 + self._highest
            rate = max(min(curve, 2 * max(self._measured(), 1.0)), LOWEST)
            self._rate = None if curve >= UNLIMITED else rate
            self._changed.notify_all()

    def seconds(self) -> float:
        """The time between two requests at the present rate; 0 without a limit."""
        rate = self._rate
        return 0.0 if rate is None else 1 / rate

    def _measured(self) -> float:
        """How many requests were sent in the last second."""
        now = time.monotonic()
        while self._sent and now - self._sent[0] > 1:
            self._sent.popleft()
        return float(len(self._sent))


def delay(tries: int) -> float:
    """Seconds to wait after so many failed tries of one request: at random between 0 and a limit that doubles."""
    longest = min(FIRST_DELAY * 2 ** (tries - 1), LONGEST_DELAY)
    return longest * int.from_bytes(os.urandom(4), "big") / (1 << 32)
