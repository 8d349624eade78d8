"""What an acceptance run found, as a table, and what its stacks cost by the list prices."""

from collections.abc import Mapping, Sequence

from acceptance.cases import Case
from acceptance.record import Outcome
from local.table import table
from ops.costs import in_use
from ops.prices import price_list
from ops.recorder import Recorder

HEADER = ("case", "held", "up, s", "longest, s", "destroy, s", "what did not hold, or is left")

REQUESTS = 1_000
"""More than a case sends."""


def estimate(case: Case, stack: Recorder) -> Mapping[str, float]:
    """US dollars of a case, by item: what is billed by time for as long as it exists, and its requests."""
    share = case.minutes / 60 / price_list().hours_per_month
    items = in_use(stack, REQUESTS)
    by_time = {"idle", "metrics"}
    return {item: amount * (share if item in by_time else 1) for item, amount in items.items()}


def as_text(outcomes: Sequence[Outcome]) -> str:
    """A row for each case, and what held in all."""
    rows = [_row(outcome) for outcome in outcomes]
    held = sum(outcome.held for outcome in outcomes)
    return "\n".join([table(HEADER, rows, right=(2, 3, 4)), "", f"{held} of {len(outcomes)} cases held."])


def _row(outcome: Outcome) -> list[str]:
    steps = {name: seconds for name, seconds in outcome.seconds.items() if name not in ("up", "destroy")}
    longest = max(steps, key=lambda name: steps[name], default=None)
    wrong = [f"{name}: {reason}" for name, reason in outcome.failures.items()]
    return [
        outcome.case,
        "yes" if outcome.held else "no",
        f"{outcome.seconds.get('up', 0):.0f}",
        f"{longest} {steps[longest]:.0f}" if longest else "",
        f"{outcome.seconds.get('destroy', 0):.0f}",
        "; ".join([*wrong, *outcome.left]).replace("\n", " ")[:300],
    ]
