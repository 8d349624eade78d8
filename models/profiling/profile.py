"""The profile of a model: what the steps of its cold start take, over several starts, and a warm request."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from models.profiling.boundaries import Amount
from models.profiling.starts import Start, Subject, start, untraced_seconds
from models.profiling.steps import STEPS
from models.progress import Say


class Times(NamedTuple):
    """How long something takes, in milliseconds."""

    shown: float
    """In the start in the middle: the one whose whole time is the median."""
    lowest: float
    """This and the following: of all starts."""
    median: float
    highest: float


class Line(NamedTuple):
    """What a step takes. The bytes are those of the start in the middle."""

    milliseconds: Times
    memory_bytes: int
    """Memory in RAM that the process gains."""
    read_bytes: int
    """What comes from files and from the store, whether or not the system holds it in memory already."""


class Profile(NamedTuple):
    """Where the time of a model goes."""

    starts: int
    warm_requests: int
    """How many were timed in all starts together."""
    steps: Mapping[str, Line]
    """For each of `STEPS`."""
    cold_start: Line
    """From just before the process begins until its first answer has arrived: the sum of the steps."""
    untraced: Times
    """The same of processes in which nothing was noted."""
    warm_request: Line
    """In the handler: the median of a start. The bytes are those of all warm requests of a start together."""
    warm_inference: Times
    """The engine's part of it."""

    def document(self) -> dict[str, Any]:
        """The profile for scripts."""
        return {
            "starts": self.starts,
            "warm_requests": self.warm_requests,
            "steps": {step: _document(line) for step, line in self.steps.items()},
            "cold_start": _document(self.cold_start),
            "untraced": {"milliseconds": self.untraced._asdict()},
            "warm_request": _document(self.warm_request),
            "warm_inference": {"milliseconds": self.warm_inference._asdict()},
        }


def profile(subject: Subject, starts: int, warm_requests: int, say: Say) -> Profile:
    """Start a model's function again and again, traced and untraced in turn.

    Args:
        subject: what to start.
        starts: how many traced starts count; one before them fills the system's memory of files, and does not count.
        warm_requests: how many further requests each gets at most.
        say: reports progress.

    Raises FunctionFailed.
    """
    traced, untraced = list[Start](), list[float]()
    for number in range(starts + 1):
        say(f"start {number} of {starts}" if number else "a first start, which does not count")
        untraced.append(untraced_seconds(subject))
        traced.append(start(subject, warm_requests))
    return summary(traced[1:], untraced[1:])


def summary(traced: Sequence[Start], untraced: Sequence[float]) -> Profile:
    """The profile that these starts show. Its steps are those of one start, so that they add up."""
    middle = sorted(traced, key=lambda each: each.whole.seconds)[len(traced) // 2]
    requests = [median(each.requests) for each in traced]
    return Profile(
        starts=len(traced),
        warm_requests=sum(len(each.requests) for each in traced),
        steps={step: _line(middle.steps[step], [each.steps[step].seconds for each in traced]) for step in STEPS},
        cold_start=_line(middle.whole, [each.whole.seconds for each in traced]),
        untraced=_times(median(untraced), untraced),
        warm_request=_line(middle.afterwards._replace(seconds=median(middle.requests)), requests),
        warm_inference=_times(median(middle.inferences), [median(each.inferences) for each in traced]),
    )


def _line(shown: Amount, seconds: Sequence[float]) -> Line:
    return Line(_times(shown.seconds, seconds), shown.memory_bytes, shown.read_bytes)


def _times(shown: float, seconds: Sequence[float]) -> Times:
    return Times(*(each * 1e3 for each in (shown, min(seconds), median(seconds), max(seconds))))


def _document(line: Line) -> dict[str, Any]:
    return {**line._asdict(), "milliseconds": line.milliseconds._asdict()}
