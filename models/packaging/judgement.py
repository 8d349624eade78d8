"""Judges a candidate: its answers to every request, beside the reference's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.packaging.arrays import Arrays
from models.packaging.comparison import Difference, compare, worst_of
from models.packaging.requests.exchange import Answer, Exchange, Rejection, Request

FAR_LARGER = 30
"""Requests whose inputs are more than this many times larger than the smallest are compared apart."""


UNLIKE_TENSORFLOW = "unlike_tensorflow"
"""The key, in an artifact's evidence, of where it differs and may, by signature."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What counts as the same answer."""

    tolerance: float | None = None
    """See `compare`."""
    strict: bool = False
    """Whether a candidate loses that differs on numbers that are not finite."""


@dataclass(frozen=True)
class Verdict:
    """How a candidate's answers to one signature compare with the reference's."""

    difference: Difference
    """Over all requests that must be answered alike."""
    notes: tuple[str, ...] = ()
    """Where it differs and may."""


def judge(exchange: Exchange, answers: Sequence[Answer], again: Sequence[Answer], rules: Rules) -> Verdict:
    """Judge a candidate.

    Args:
        exchange: the requests, and the reference's answers.
        answers: the candidate's.
        again: its answers to the same requests, asked once more in the reverse order.
        rules: what counts as the same.
    """
    usual = [number for number, request in enumerate(exchange.requests) if request.kind == "usual"]
    found = [_judge_usual(exchange, answers, usual, rules.tolerance)]
    notes: list[str] = []
    for number, request in enumerate(exchange.requests):
        if request.kind == "usual":
            continue
        reason = _unlike(exchange.answers[number], answers[number], rules.tolerance)
        if reason and _may_differ(request, answers[number], rules):
            notes.append(f"{request.what}: {reason}")
        elif reason:
            found.append(Difference(reason=f"on {request.what}, {reason}"))
    if unsteady := _unsteady(answers, again, rules.tolerance):
        found = [replace(each, reason=unsteady) for each in found]
    return Verdict(worst_of(found), tuple(dict.fromkeys(notes)))


def _judge_usual(
    exchange: Exchange, answers: Sequence[Answer], numbers: Sequence[int], tolerance: float | None
) -> Difference:
    expected, actual = list[Arrays](), list[Arrays]()
    for number in numbers:
        theirs, ours = exchange.answers[number], answers[number]
        if isinstance(ours, Rejection):
            return Difference(reason=ours.reason)
        assert not isinstance(theirs, Rejection)  # noqa: S101 - the reference answers every usual request
        expected.append(theirs)
        actual.append(ours)
    return worst_of(
        [
            compare([expected[i] for i in group], [actual[i] for i in group], tolerance)
            for group in by_range([exchange.requests[number].inputs for number in numbers])
        ]
    )


def _unlike(expected: Answer, actual: Answer, tolerance: float | None) -> str:
    """How an answer differs from the reference's; empty if it does not."""
    if isinstance(expected, Rejection):
        return "" if isinstance(actual, Rejection) else f"it answers where TensorFlow says: {expected.reason}"
    if isinstance(actual, Rejection):
        return f"it says: {actual.reason}"
    return "" if _is_empty(expected, actual) else compare([expected], [actual], tolerance).reason


def _is_empty(expected: Arrays, actual: Arrays) -> bool:
    """Whether both answers hold no value. TensorFlow itself is not sure of the further sizes of such arrays."""
    return expected.keys() == actual.keys() and all(
        not expected[name].size and not actual[name].size and expected[name].ndim == actual[name].ndim
        for name in expected
    )


def _may_differ(request: Request, actual: Answer, rules: Rules) -> bool:
    if request.kind == "not finite":
        return not rules.strict
    return request.kind == "empty" and isinstance(actual, Rejection)


def _unsteady(answers: Sequence[Answer], again: Sequence[Answer], tolerance: float | None) -> str:
    """Why a candidate's answers depend on what it was asked before; empty if they do not."""
    for first, second in zip(answers, again, strict=True):
        if isinstance(first, Rejection) or isinstance(second, Rejection):
            if isinstance(first, Rejection) != isinstance(second, Rejection):
                return "its answers depend on the calls before: it rejects a request that it answered, or the reverse"
        elif compare([first], [second], tolerance).reason:
            return "its answers depend on the calls before: it answers one request differently each time"
    return ""


def by_range(requests: Sequence[Arrays]) -> list[list[int]]:
    """The numbers of the requests in one or two groups; requests with far larger inputs are the second.

    An error counts as a share of the largest answer of its group, so larger answers would hide errors in smaller ones.
    """
    sizes = [_magnitude(request) for request in requests]
    usual = FAR_LARGER * min((size for size in sizes if size), default=0.0)
    groups = [
        [number for number, size in enumerate(sizes) if size <= usual],
        [number for number, size in enumerate(sizes) if size > usual],
    ]
    return [group for group in groups if group]


def _magnitude(request: Arrays) -> float:
    """The largest finite absolute value in a request's floating-point inputs."""
    numbers = [
        np.abs(array[np.isfinite(array)], dtype=np.float64) for array in request.values() if array.dtype.kind == "f"
    ]
    return max((float(found.max(initial=0.0)) for found in numbers), default=0.0)
