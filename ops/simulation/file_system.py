"""FileSystem: how fast an EFS file system is read, with its burst credits. Times are in seconds, sizes in bytes.

https://docs.aws.amazon.com/efs/latest/ug/performance.html
"""

from dataclasses import dataclass, field
from math import inf
from typing import Literal

ThroughputMode = Literal["elastic", "bursting", "provisioned"]

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40

BASELINE_PER_BYTE = 50 * MIB / TIB
"""Metered bytes a second that a stored byte allows for ever: 50 MiB/s for each TiB."""
LOWEST = 1 * MIB
"""The lowest metered rate, whatever is stored."""
BURST = 100 * MIB
"""The metered rate of a burst, for each TiB; smaller file systems have it too."""
MOST_CREDITS = 2.1 * TIB
"""The largest balance, for each TiB; smaller file systems have it too. A new file system starts with it."""
READ_DISCOUNT = 3
"""A read counts a third of its bytes."""
ELASTIC_READS = 20 * GIB
"""Bytes a second that an elastic file system reads in every region."""


@dataclass(kw_only=True)
class FileSystem:
    """A file system that is read by many, in the order in which they ask.

    Readers share one rate: a reader begins when all that were asked for before is read. The last one of those who ask
    at once waits as long as if they took turns.
    """

    mode: ThroughputMode
    stored: float
    """Bytes, which earn credits."""
    provisioned_mibps: float = 0
    client_rate: float = inf
    """Bytes a second that one reader can take."""
    credits: float = field(init=False)
    """Metered bytes that may be read beyond the baseline."""
    history: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]], init=False)
    """Times and the credits then, whenever their slope changes."""
    ran_dry_at: float | None = field(default=None, init=False)
    """When the credits were used up for the first time."""
    _now: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.credits = self.most_credits
        self._note()

    @property
    def baseline(self) -> float:
        """Metered bytes a second that earn credits, or that can be spent for ever."""
        return self.stored * BASELINE_PER_BYTE

    @property
    def burst(self) -> float:
        """Metered bytes a second while credits last."""
        return BURST * max(1.0, self.stored / TIB)

    @property
    def most_credits(self) -> float:
        """The largest balance in metered bytes."""
        return MOST_CREDITS * max(1.0, self.stored / TIB)

    def rate(self) -> float:
        """Bytes a second that all readers together get now."""
        if self.mode == "elastic":
            return ELASTIC_READS
        if self.mode == "provisioned":
            return READ_DISCOUNT * max(self.provisioned_mibps * MIB, self.baseline)
        return READ_DISCOUNT * (self.burst if self.credits > 0 else max(self.baseline, LOWEST))

    def read(self, at: float, size: float) -> float:
        """Read `size` bytes, asked for at a time that is no earlier than the last one asked. The time when it ends."""
        self.idle_until(at)
        alone = max(at, self._now) + size / self.client_rate
        left = size
        while left > 0:
            left = self._spend(left)
        return max(alone, self._now)

    def idle_until(self, at: float) -> None:
        """Earn credits up to a time."""
        if at <= self._now:
            return
        if self.mode == "bursting":
            full = self._now + (self.most_credits - self.credits) / self.baseline if self.baseline else inf
            if self._now < full < at:
                self.history.append((full, self.most_credits))
            self.credits = min(self.most_credits, self.credits + self.baseline * (at - self._now))
        self._now = at
        self._note()

    def _spend(self, left: float) -> float:
        """Read until `left` is done or the credits are used up; the bytes that remain."""
        rate = self.rate()
        seconds = left / rate
        if self.mode == "bursting" and self.credits > 0:
            spending = rate / READ_DISCOUNT - self.baseline
            if 0 < self.credits < spending * seconds:
                seconds = self.credits / spending
                self.credits = 0.0
                self.ran_dry_at = self.ran_dry_at if self.ran_dry_at is not None else self._now + seconds
            else:
                self.credits = min(self.most_credits, self.credits - spending * seconds)
        self._now += seconds
        self._note()
        remaining = left - rate * seconds
        return remaining if remaining > 1 else 0.0

    def _note(self) -> None:
        if self.mode == "bursting":
            self.history.append((self._now, self.credits))
