"""Changes of a living stack: what happened, what callers got in the meantime, and a table of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Literal, get_args

from local.callers import Answer, Versions

Kind = Literal["update", "publication", "repetition"]
"""A repetition is a refresh and an update that must find nothing to do."""

Period = Literal["before", "during", "after"]
PERIODS: Sequence[Period] = get_args(Period)
"""Of a change: the calm before it, the change itself, and the calm after it."""

ADDRESSES = ("apiUrl", "bucketName")
"""The stack's outputs that its users keep."""

KEPT_PROBLEMS = 5
"""How many of a period's problems are told."""

HEADER = (
    "change|s|created|updated|replaced|deleted|requests|failed|differ|p50 before|during|after|p99 before|during|after|"
).split("|")
"""Of a table of changes. Latencies are in milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What callers got in a period."""

    requests: int
    failed: int
    """Answers whose status is not 200."""
    different: int
    """Answers with status 200 that no version gives which might have answered."""
    p50: float = 0
    """The median latency in seconds; 0 without a request."""
    p99: float = 0
    problems: Sequence[str] = ()
    """Some of the requests that failed or were answered differently, a line for each."""
    seconds: float = 0
    """How long the period was."""

    @property
    def per_second(self) -> float:
        """The rate of the requests that were sent in time: what a machine cannot send in a period is not in it."""
        return self.requests / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of the stack."""

    what: str
    kind: Kind = "update"
    seconds: float
    resources: Mapping[str, int]
    """How many were created, updated, replaced and deleted, by the engine's words."""
    moved: Sequence[str]
    """Those of `ADDRESSES` that are no more what they were."""
    loads: Mapping[Period, Load]
    excuse: str = ""
    """Why requests fail in the periods `excused`, as they must."""
    excused: Sequence[Period] = ()

    @property
    def total(self) -> Load:
        """The three periods together, without times, and without what is excused."""
        counted = [load for period, load in self.loads.items() if period not in self.excused]
        return Load(
            requests=sum(load.requests for load in self.loads.values()),
            failed=sum(load.failed for load in counted),
            different=sum(load.different for load in counted),
            problems=[problem for load in counted for problem in load.problems],
            seconds=sum(load.seconds for load in self.loads.values()),
        )

    @property
    def went_well(self) -> bool:
        """Whether every request was answered, and rightly, apart from what is excused, and no repetition did
        anything."""
        return not self.total.failed and not self.total.different and not (self.kind == "repetition" and self.resources)

    @property
    def note(self) -> str:
        """What else there is to say."""
        moved = f"another {', '.join(self.moved)}" if self.moved else ""
        refused = sum(self.loads[period].failed for period in self.excused)
        return "; ".join(filter(None, (moved, f"{self.excuse}: {refused}" if self.excuse else "")))

    def cells(self) -> list[str]:
        """A row below `HEADER`."""
        counted = (self.resources.get(kind, 0) for kind in ("create", "update", "replace", "delete"))
        total = self.total
        return [
            self.what,
            f"{self.seconds:.1f}",
            *map(str, (*counted, total.requests, total.failed, total.different)),
            *(f"{self.loads[period].p50 * 1000:.0f}" for period in PERIODS),
            *(f"{self.loads[period].p99 * 1000:.0f}" for period in PERIODS),
            self.note,
        ]


def conclusion(changes: Sequence[Change]) -> str:
    """Some sentences about all changes."""
    by_kind = {kind: [change for change in changes if change.kind == kind] for kind in get_args(Kind)}
    updates, repetitions = by_kind["update"], by_kind["repetition"]
    totals = [change.total for change in changes]
    kept = sum(not change.moved for change in updates)
    counted = (
        f"{len(updates)} changes of the stack, {len(by_kind['publication'])} publications, "
        f"{sum(total.requests for total in totals)} requests: {sum(total.failed for total in totals)} failed, "
        f"{sum(total.different for total in totals)} answers differ. "
        f"The bucket and the API's address were kept in {kept} of {len(updates)}."
    )
    quiet = sum(not change.resources for change in repetitions)
    return f"{counted} {quiet} of {len(repetitions)} repetitions found nothing to do." if repetitions else counted


def load_of(answers: Sequence[Answer], versions: Versions, seconds: float) -> Load:
    """What the answers of so many seconds say."""
    failed = [answer for answer in answers if answer.status != 200]
    different = [answer for answer in answers if answer.status == 200 and not versions.is_right(answer)]
    times = [answer.seconds for answer in answers]
    cuts = quantiles(times, n=100, method="inclusive") if len(times) > 1 else [*times, 0.0][:1] * 99
    return Load(
        requests=len(answers),
        failed=len(failed),
        different=len(different),
        p50=cuts[49],
        p99=cuts[98],
        problems=[_problem(answer) for answer in [*failed, *different][:KEPT_PROBLEMS]],
        seconds=seconds,
    )


def _problem(answer: Answer) -> str:
    text = answer.body[:200].decode("utf-8", "replace")
    return f"{answer.question} was answered {answer.status} after {answer.seconds:.1f} s: {text}"
