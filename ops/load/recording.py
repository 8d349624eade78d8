"""Recording: latencies by HDR histogram, errors by kind, and whether the rate was kept."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ops.load.histogram import Histogram

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9, 100.0)

LATE_SECONDS = 0.01
"""A request that is sent this long after it was due says that the rate is not kept."""
LATE_SHARE = 0.01
"""The share of late requests from which a report says so."""


@dataclass(kw_only=True)
class Recording:
    """What was recorded of a run. Times are in seconds."""

    rate: float
    """Requests a second that were asked for."""
    latency: Histogram = field(default_factory=Histogram)
    """Until the answer was there, from when the request was sent or was due: see `generator.counted_from`."""
    warm_latency: Histogram = field(default_factory=Histogram)
    """Of the requests that started no environment."""
    by_model: dict[str, Histogram] = field(default_factory=dict[str, Histogram])
    errors: Counter[str] = field(default_factory=Counter[str])
    sent: int = 0
    late: int = 0
    cold: int = 0
    due: list[float] = field(default_factory=list[float])
    """Seconds from the beginning at which each request was due."""
    seconds: float = 0.0
    """From the first request until the last was sent."""
    cpu_seconds: float = 0.0
    """What the generator itself computed."""

    def note_sent(self, due: float, now: float) -> None:
        """A request was sent."""
        self.sent += 1
        self.late += now - due > LATE_SECONDS

    def note_answer(self, model: str, began: float, received: float, *, cold: bool) -> None:
        """A request was answered with status 200."""
        microseconds = max(1, round((received - began) * 1e6))
        self.latency.record(microseconds)
        self.by_model.setdefault(model, Histogram()).record(microseconds)
        if cold:
            self.cold += 1
        else:
            self.warm_latency.record(microseconds)

    @property
    def answered(self) -> int:
        """Requests that were answered with status 200."""
        return self.latency.total

    @property
    def achieved(self) -> float:
        """Requests a second that were sent."""
        return self.sent / self.seconds if self.seconds else 0.0

    @property
    def cold_seconds(self) -> float:
        """The mean of the requests that started an environment; 0 if there are none."""
        together = self.latency.mean * self.latency.total - self.warm_latency.mean * self.warm_latency.total
        return together / self.cold / 1e6 if self.cold else 0.0

    def percentile(self, percent: float) -> float:
        """Seconds in which so many percent of the answers came."""
        return self.latency.percentile(percent) / 1e6

    @property
    def overhead(self) -> float:
        """What the generator computed for a request, beside the mean time of one."""
        mean = self.latency.mean / 1e6
        return self.cpu_seconds / max(1, self.sent) / mean if mean else 0.0

    @property
    def keeps_rate(self) -> bool:
        """Whether requests were sent when they were due."""
        return self.late <= LATE_SHARE * self.sent


def as_text(recording: Recording) -> Iterator[str]:
    """The report, line by line."""
    yield (
        f"{recording.sent:,} requests in {recording.seconds:.1f} s: {recording.achieved:,.1f} a second of "
        f"{recording.rate:,.1f} asked for"
    )
    if not recording.keeps_rate:
        yield (
            f"THE RATE WAS NOT KEPT: {recording.late:,} requests were sent more than {LATE_SECONDS * 1000:g} ms late. "
            "The latencies count from when a request was due, and say more of this machine than of the stack; lower "
            "--rate, or run it elsewhere"
        )
    yield _line("all", recording.latency)
    if len(recording.by_model) > 1:
        yield from (_line(model, found) for model, found in sorted(recording.by_model.items()))
    failed = sum(recording.errors.values())
    yield f"errors: {failed:,} ({failed / max(1, recording.sent):.2%})" + (":" if failed else "")
    yield from (f"  {count:,}× {kind}" for kind, count in recording.errors.most_common())
    yield f"cold starts: {recording.cold:,} ({recording.cold / max(1, recording.answered):.2%} of the answers)"
    yield (
        f"the generator computed {recording.cpu_seconds / max(1, recording.sent) * 1e6:,.0f} µs a request, "
        f"{recording.overhead:.1%} of a request's time"
    )


def as_json(recording: Recording) -> dict[str, Any]:
    """The figures as JSON has them; times are in milliseconds."""
    percentiles = {f"p{p:g}": recording.latency.percentile(p) / 1000 for p in PERCENTILES}
    return {
        "sent": recording.sent,
        "answered": recording.answered,
        "errors": dict(recording.errors),
        "rate": recording.achieved,
        "keepsRate": recording.keeps_rate,
        "coldStarts": recording.cold,
        "latencyMs": percentiles,
        "generatorMs": recording.cpu_seconds / max(1, recording.sent) * 1000,
        "overhead": recording.overhead,
    }


def _line(name: str, found: Histogram) -> str:
    values = ", ".join(f"{'max' if p == 100 else f'p{p:g}'} {found.percentile(p) / 1000:,.2f} ms" for p in PERCENTILES)
    return f"{name}: {found.total:,} answers, {values}"
