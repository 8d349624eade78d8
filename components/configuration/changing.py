"""What a change of a living stack costs, and what AWS would refuse half-way: said before anything is changed."""

from collections.abc import Callable

import pulumi

from components.configuration.deployed import Deployed, deployed_with, from_json, to_json
from components.configuration.problem import Problem
from components.configuration.rules import changes
from components.settings.settings import Settings


class RefusedChange(pulumi.RunError):
    """AWS would refuse the change half-way. Pulumi shows the message of a RunError without a traceback."""

    def __init__(self, found: list[Problem]) -> None:
        self.problems = tuple(found)
        super().__init__("\n  ".join(["this change takes two updates:", *map(str, found)]))


def comparison(settings: Settings) -> Callable[[str | None], str]:
    """A function that compares the record of the last deployment with these settings, and gives their record.

    It warns of each price of the change. It raises RefusedChange for what AWS would refuse half-way.
    """
    after = deployed_with(settings)

    def compare(record: str | None) -> str:
        before = after if record is None else _read(record, after)
        if refused := [problem for rule in changes.REFUSED for problem in rule(before, after)]:
            raise RefusedChange(refused)
        for price in [problem for rule in changes.ADVISED for problem in rule(before, after)]:
            pulumi.warn(str(price))
        return to_json(after)

    return compare


def _read(record: str, otherwise: Deployed) -> Deployed:
    try:
        return from_json(record)
    except ValueError as error:
        pulumi.warn(f"deployed.json in the bucket cannot be read: {error}; what this change costs is not said")
        return otherwise
