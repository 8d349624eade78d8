"""Histogram: latencies in microseconds, exact to three digits, in memory that their number does not change.

It counts as an HDR histogram does: numbers that share their eleven leading bits are one
(https://hdrhistogram.github.io/HdrHistogram/). The library of that name has no wheel for Linux on arm64.
"""

from collections import Counter

LEADING_BITS = 11
"""2 ** 11 values between a power of two and the next: neighbours differ by less than a thousandth."""


class Histogram:
    """Counts of whole numbers from 1 up."""

    def __init__(self) -> None:
        self._counts = Counter[int]()
        self._sum = self._largest = 0

    def record(self, value: int) -> None:
        """Count one value. Raises ValueError if it is less than 1."""
        if value < 1:
            raise ValueError(f"{value} cannot be counted; a value is 1 or more")
        dropped = max(0, value.bit_length() - LEADING_BITS)
        self._counts[value >> dropped << dropped] += 1
        self._sum += value
        self._largest = max(self._largest, value)

    @property
    def total(self) -> int:
        """How many values were counted."""
        return self._counts.total()

    @property
    def mean(self) -> float:
        """Of all values; 0 if there are none."""
        return self._sum / self.total if self.total else 0.0

    def percentile(self, percent: float) -> int:
        """The value that so many percent of the values do not exceed; 0 if there are none."""
        wanted, seen = max(1, -(-self.total * percent // 100)), 0
        for value, count in sorted(self._counts.items()):
            seen += count
            if seen >= wanted:
                alike = (1 << max(0, value.bit_length() - LEADING_BITS)) - 1
                return min(value + alike, self._largest)
        return 0
