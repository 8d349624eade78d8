"""What the cases of the acceptance kit cost, worked by hand from the list prices."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from acceptance.__main__ import _recorded
from acceptance.bill import StackOf, as_table, measured, planned, together
from acceptance.cases import CASES, Case
from acceptance.record import Outcome

THOUSANDTH = 2_628
"""Seconds: a thousandth of the 730 hours for which AWS's calculator bills what runs for a month."""

WATCHED = 15 * 0.10 + 3.00
"""What a month of the canary's alarms costs, which read 15 metrics, with the dashboard."""

WRITTEN = 8 * 0.30
"""What a month of the canary's metrics costs."""


@pytest.fixture(scope="module")
def stack_of(tmp_path_factory: pytest.TempPathFactory) -> StackOf:
    return _recorded(tmp_path_factory.mktemp("examples"))


def case_of(name: str) -> Case:
    [case] = [each for each in CASES if each.name == name]
    return case


def functions(requests: int, mib: int) -> float:
    """A request runs for 0.05 s."""
    return requests * 0.20 / 1e6 + requests * 0.05 * mib / 1024 * 0.0000166667


def test_each_stage_of_a_case_costs_what_it_has_for_as_long_as_it_took(stack_of: StackOf):
    switched, called = "memoryMib 2048", 1_000
    seconds = {"up": THOUSANDTH - 628, "quiet": 600.0, "answers": 28, switched: THOUSANDTH - 100, "destroy": 100}
    outcome = Outcome(case="canary", seconds=seconds, requests={"answers": called, switched: called})
    assert measured(case_of("canary"), outcome, stack_of) == pytest.approx(
        {
            "idle": 2 * WATCHED / 1000,
            "metrics": 2 * WRITTEN / 1000,
            "API": 2 * called * 1.00 / 1e6,
            "functions": functions(called, 1769) + functions(called, 2048),
            "logs": 2 * called * 1_500 / 1e9 * 0.50,
        },
        rel=1e-4,
    )


def test_a_case_that_was_not_asked_costs_what_is_billed_by_time(stack_of: StackOf):
    outcome = Outcome(case="canary", seconds={"up": THOUSANDTH})
    assert measured(case_of("canary"), outcome, stack_of) == pytest.approx({"idle": WATCHED / 1000})


def test_a_plan_counts_the_callers_of_a_changed_stack_five_times_a_second(stack_of: StackOf):
    share = 30 * 60 / 3600 / 730
    bill = planned(case_of("canary"), stack_of)
    assert (bill["idle"], bill["metrics"]) == pytest.approx((WATCHED * share, WRITTEN * share))
    assert bill["API"] == pytest.approx((1_000 + 30 * 60 * 5) * 1.00 / 1e6)
    assert planned(case_of("s3-multi"), stack_of)["API"] == pytest.approx(1_000 * 1.00 / 1e6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_stages_of_a_case_have_each_of_its_steps_once_and_settings_that_add_up(case: Case):
    steps = [step for stage in case.stages for step in stage.steps]
    assert steps[: len(case.checks) + 1] == ["up", *case.checks]
    assert steps[-1] == "destroy"
    assert len(set(steps)) == len(steps) == 2 + len(case.checks) + len(case.switches) + bool(case.failing)
    every: Mapping[str, Any] = dict(case.settings)
    for change in (*case.switches, case.failing):
        every = {**every, **change}
    assert case.stages[-1].settings == every


def test_a_bill_shows_each_item_and_the_sum():
    bill = together([{"idle": 0.0045, "API": 0.001}, {"idle": 0.0005}])
    assert as_table(bill).splitlines()[2:] == ["idle  0.0050", "API   0.0010", "sum   0.0060"]


def test_recorded_stacks_warn_of_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    _recorded(tmp_path)("dev", {"storage": "efs"})
    assert capfd.readouterr().err == ""
