"""Input: one event of a kind that once did harm, and what its answer may be and may cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.hardening.events import predict


def small() -> Any:
    """An ordinary request."""
    return predict({"instances": [1.0, 2.0, 5.0]})


@dataclass(frozen=True, kw_only=True)
class Input:
    """One row of the table."""

    name: str
    """What it is; unique."""
    event: Callable[[], Any]
    status: int = 400
    words: str = ""
    """A part of the answer."""
    like: Callable[[], Any] = small
    """A valid request of the same size."""
    times: float = 8.0
    """The most processor time that it may take, as a multiple of what `like` takes."""
    memory: float = 4.0
    """The most memory that the process may grow by, as a multiple of the event's size."""
