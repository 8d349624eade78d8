"""What an acceptance run found, as a table."""

from collections.abc import Sequence

from acceptance.cases import DESTROY, UP
from acceptance.record import Outcome
from local.table import table

HEADER = ("case", "held", "up, s", "longest, s", "destroy, s", "what did not hold, or is left")


def as_text(outcomes: Sequence[Outcome]) -> str:
    """A row for each case, and what held in all."""
    rows = [_row(outcome) for outcome in outcomes]
    held = sum(outcome.held for outcome in outcomes)
    return "\n".join([table(HEADER, rows, right=(2, 3, 4)), "", f"{held} of {len(outcomes)} cases held."])


def _row(outcome: Outcome) -> list[str]:
    steps = {name: seconds for name, seconds in outcome.seconds.items() if name not in (UP, DESTROY)}
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
