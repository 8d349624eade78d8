"""When requests arrive: a month of a Poisson process whose rate changes by the minute, or a file of times."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]
"""Seconds since the month began, rising."""

Shape = Literal["steady", "daily", "business", "spiky"]
"""How the rate changes: not at all; by day and night; in office hours; in office hours with spikes of five minutes."""
SHAPES: tuple[Shape, ...] = get_args(Shape)

MINUTE = 60.0
MINUTES_PER_DAY = 1440
BLOCK = 1 << 18
"""Arrivals that are made at a time."""

SHARPEST = 5000.0
"""The highest power that makes a month's busy minutes fewer."""

STEADY = 1.5
"""The highest peak of `steady` traffic, beside its mean."""

NIGHT, CLOSED = 0.15, 0.02
"""The rate at night, and outside office hours, beside the highest of a `daily` and a `business` day."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A month of requests in a few words."""

    requests: float
    """In the month."""
    peak_per_second: float | None = None
    """The rate of the busiest minute. None leaves it to the shape."""
    shape: Shape = "daily"
    seconds: float = 730 * 3600.0

    def __post_init__(self) -> None:
        if self.requests <= 0:
            raise ValueError(f"a month of {self.requests:g} requests has none to simulate; give 1 or more")
        if self.shape not in SHAPES:
            raise ValueError(f"{self.shape!r} is no shape of traffic; choose {', '.join(SHAPES)}")

    def per_minute(self, seed: int = 0) -> npt.NDArray[np.float64]:
        """Requests a second in each minute. Raises ValueError if no rate has this month and this peak."""
        weights = _weights(self.shape, int(self.seconds // MINUTE), seed)
        mean = self.requests / self.seconds
        if self.peak_per_second is None:
            return weights * (mean / weights.mean())
        if self.peak_per_second < mean:
            raise ValueError(
                f"{self.requests:g} requests a month are {mean:.3g} a second on average, so the busiest minute has no "
                f"{self.peak_per_second:g}; give a peak of {mean:.3g} or more"
            )
        if self.shape == "steady":
            if self.peak_per_second > STEADY * mean:
                raise ValueError(
                    f"steady traffic of {mean:.3g} requests a second has no peak of {self.peak_per_second:g}; choose "
                    "daily, business or spiky"
                )
            return weights * mean
        sharp = _sharpened(weights, mean / self.peak_per_second)
        rates = sharp * (mean / sharp.mean())
        if rates.max() < 0.9 * self.peak_per_second:
            raise ValueError(
                f"a {self.shape} month of {self.requests:g} requests has a peak of {rates.max():.3g} a second at most, "
                f"not of {self.peak_per_second:g}; give a lower --peak, or more requests"
            )
        return rates


def arrivals(rates: npt.NDArray[np.float64], seed: int = 0) -> Iterator[Times]:
    """Times of a Poisson process with a rate a second for each minute, in blocks; the same for the same seed."""
    random = np.random.default_rng(seed)
    expected = np.concatenate(([0.0], np.cumsum(rates * MINUTE)))
    minutes = np.arange(len(expected)) * MINUTE
    reached = 0.0
    while reached < expected[-1]:
        steps = reached + np.cumsum(random.standard_exponential(BLOCK))
        reached = float(steps[-1])
        yield np.interp(steps[: np.searchsorted(steps, expected[-1])], expected, minutes)


def read_times(file: Path) -> Times:
    """The times of a CSV file: the first column, in seconds; a first line of words is passed over.

    Raises ValueError if the file holds anything else.
    """
    try:
        lines = [line.split(",")[0].strip() for line in file.read_text().splitlines() if line.strip()]
    except OSError as error:
        raise ValueError(f"the arrivals of {file} cannot be read: {error}") from None
    if lines and not _is_number(lines[0]):
        del lines[0]
    if wrong := [text for text in lines if not _is_number(text)]:
        raise ValueError(f"{file} has {wrong[0]!r} as a time; the first column is seconds since the beginning")
    if not lines:
        raise ValueError(f"{file} has no arrival; its first column is seconds since the beginning")
    times = np.sort(np.array(lines, dtype=np.float64))
    return times - times[0]


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _weights(shape: Shape, minutes: int, seed: int) -> npt.NDArray[np.float64]:
    """The rate of each minute beside the highest. The month begins on a Monday at midnight."""
    minute = np.arange(minutes)
    hour = minute % MINUTES_PER_DAY / 60
    if shape == "steady":
        return np.ones(minutes)
    if shape == "daily":
        return NIGHT + (1 - NIGHT) * (1 - np.cos(2 * np.pi * (hour - 3) / 24)) / 2
    is_open = (minute // MINUTES_PER_DAY % 7 < 5) & (hour >= 8) & (hour < 18)
    office = np.where(is_open, 0.4 + 0.6 * np.sin(np.pi * (hour - 8) / 10) ** 2, CLOSED)
    if shape == "business":
        return office
    spikes = np.random.default_rng(seed).lognormal(0, 1, minutes // 5 + 1)
    spiky = office * np.repeat(spikes, 5)[:minutes]
    return spiky / spiky.max()


def _sharpened(weights: npt.NDArray[np.float64], mean: float) -> npt.NDArray[np.float64]:
    """The weights to the power with which their mean, beside the highest, is as given."""
    weights = weights / weights.max()
    low, high = 0.0, SHARPEST
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (weights**middle).mean() > mean else (low, middle)
    return weights**low
