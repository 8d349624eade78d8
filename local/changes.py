"""Changes of a living stack: what happened, what callers got in the meantime, and a table of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

from local.callers import Answer, Versions

ADDRESSES = ("apiUrl", "bucketName")
"""The stack's outputs that its users keep."""

KEPT_PROBLEMS = 5
"""How many of a period's problems are told."""

HEADER = (
    "change|s|created|updated|replaced|deleted|requests|failed|differ|p50 before|during|after|p99 before|during|after"
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


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of the stack."""

    what: str
    seconds: float
    resources: Mapping[str, int]
    """How many were created, updated, replaced and deleted, by the engine's words."""
    moved: Sequence[str]
    """Those of `ADDRESSES` that are no more what they were."""
    before: Load
    during: Load
    after: Load

    @property
    def loads(self) -> Sequence[Load]:
        """The three periods."""
        return self.before, self.during, self.after

    @property
    def total(self) -> Load:
        """The three periods together, without times."""
        return Load(
            requests=sum(load.requests for load in self.loads),
            failed=sum(load.failed for load in self.loads),
            different=sum(load.different for load in self.loads),
            problems=[problem for load in self.loads for problem in load.problems],
        )

    def cells(self) -> list[str]:
        """A row below `HEADER`."""
        counted = (self.resources.get(kind, 0) for kind in ("create", "update", "replace", "delete"))
        total = self.total
        return [
            self.what,
            f"{self.seconds:.1f}",
            *map(str, (*counted, total.requests, total.failed, total.different)),
            *(f"{load.p50 * 1000:.0f}" for load in self.loads),
            *(f"{load.p99 * 1000:.0f}" for load in self.loads),
        ]


def load_of(answers: Sequence[Answer], versions: Versions) -> Load:
    """What these answers say."""
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
    )


def _problem(answer: Answer) -> str:
    text = answer.body[:200].decode("utf-8", "replace")
    return f"{answer.question} was answered {answer.status} after {answer.seconds:.1f} s: {text}"
