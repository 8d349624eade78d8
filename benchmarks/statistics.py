"""Summaries of repeated measurements: medians, percentiles, and ratios of measurements that took turns."""

from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) of the values lies, interpolated linearly.

    Raises ValueError if there are no values or the share is outside 0 to 1.
    """
    if not values:
        raise ValueError("a percentile of no values is not defined")
    if not 0 <= share <= 1:
        raise ValueError(f"the share is {share}; it must lie between 0 and 1")
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median(values: Sequence[float]) -> float:
    """The middle value. Raises ValueError if there are none."""
    return percentile(values, 0.5)


def medians(blocks: Sequence[Sequence[float]]) -> list[float]:
    """The middle value of each block. Raises ValueError if a block is empty."""
    return [median(block) for block in blocks]


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One measurement divided by another, and the range over single rounds."""

    value: float
    """Median over median."""
    lowest: float
    highest: float
    """The largest ratio of one round, in which both ran one after the other."""


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
    """The ratio of two measurements that took turns: element i of both comes from round i.

    Raises ValueError if the numbers of rounds differ or are zero.
    """
    if len(numerators) != len(denominators):
        raise ValueError(f"{len(numerators)} rounds cannot be paired with {len(denominators)}")
    rounds = [a / b for a, b in zip(numerators, denominators, strict=True)]
    return Ratio(value=median(numerators) / median(denominators), lowest=min(rounds), highest=max(rounds))
