"""What cases cost by the list prices: by the minutes that are planned for them, or by those that they took."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from acceptance.cases import Case
from acceptance.changing import PACE_SECONDS
from acceptance.record import Outcome
from local.table import table
from ops.costs import in_use
from ops.prices import price_list
from ops.recorder import Recorder

REQUESTS = 1_000
"""More than the checks of a case send."""

BY_TIME = ("idle", "metrics")
"""What is billed for as long as it exists; all else is billed by the request."""

StackOf = Callable[[str, Mapping[str, Any]], Recorder]
"""Records the stack of a stack file, with settings over it."""

Bill = Mapping[str, float]
"""US dollars by item."""


def planned(case: Case, stack_of: StackOf) -> Bill:
    """What a case costs if it takes as long as is planned, with its first settings all the time."""
    seconds = case.minutes * 60
    called = seconds / PACE_SECONDS if case.switches or case.failing else 0
    return _bill(stack_of(case.file, case.settings), seconds, REQUESTS + int(called))


def measured(case: Case, outcome: Outcome, stack_of: StackOf) -> Bill:
    """What a case cost: each of its stages for as long as it took, with the requests that were sent in it."""
    bills: list[Bill] = []
    for stage in case.stages:
        seconds = sum(outcome.seconds.get(step, 0) for step in stage.steps)
        requests = sum(outcome.requests.get(step, 0) for step in stage.steps)
        bills.append(_bill(stack_of(case.file, stage.settings), seconds, requests))
    return together(bills)


def together(bills: Iterable[Bill]) -> Bill:
    """The sums, by item."""
    total: dict[str, float] = {}
    for bill in bills:
        for item, amount in bill.items():
            total[item] = total.get(item, 0) + amount
    return total


def as_table(bill: Bill) -> str:
    """A row for each item, and the sum."""
    rows = [[item, f"{amount:,.4f}"] for item, amount in bill.items()]
    return table(("item", "USD"), [*rows, ["sum", f"{sum(bill.values()):,.4f}"]], right=(1,))


def _bill(stack: Recorder, seconds: float, requests: int) -> Bill:
    share = seconds / price_list().seconds_per_month
    return {item: amount * (share if item in BY_TIME else 1) for item, amount in in_use(stack, requests).items()}
