"""Timestamps of log lines, in the form that Lambda reads. Standard library only."""

import time
from functools import lru_cache

SECOND = 1_000_000_000
"""In nanoseconds."""


def now() -> str:
    """The time as RFC 3339 has it, in UTC with milliseconds.

    Lambda takes the level of a JSON line only from a line with such a `timestamp`; any other line counts as INFO.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    seconds, rest = divmod(time.time_ns(), SECOND)
    return f"{_second(seconds)}.{rest // 1_000_000:03d}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
