"""Medians, percentiles and ratios."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Figure, figures_table, ratio_figure
from benchmarks.statistics import Ratio, median, paired_ratio, percentile

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


@given(NUMBERS)
def test_the_median_is_the_standard_librarys(values: list[float]) -> None:
    assert median(values) == pytest.approx(statistics.median(values))


@given(NUMBERS, st.floats(0, 1))
def test_a_percentile_is_numpys(values: list[float], share: float) -> None:
    assert percentile(values, share) == pytest.approx(np.quantile(values, share), abs=1e-6)


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_share_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(ValueError, match="the share is 99"):
        percentile([1.0], 99)


def test_a_ratio_pairs_what_ran_in_the_same_round() -> None:
    assert paired_ratio([10.0, 30.0, 60.0], [1.0, 2.0, 3.0]) == Ratio(value=15.0, lowest=10.0, highest=20.0)


def test_a_machine_that_slows_down_for_both_leaves_the_ratio_as_it_was() -> None:
    ratio = paired_ratio([10.0, 20.0, 40.0], [1.0, 2.0, 4.0])
    assert ratio == Ratio(value=10.0, lowest=10.0, highest=10.0)


def test_rounds_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="2 rounds cannot be paired with 1"):
        paired_ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("value", "sense", "met"),
    [(30.0, "at least", True), (29.9, "at least", False), (0.3, "at most", True), (0.31, "at most", False)],
)
def test_a_target_is_met_by_the_measured_value_alone(value: float, sense: str, met: bool) -> None:
    bound = 30 if sense == "at least" else 0.3
    figure = Figure(what="start", value=value, unit="×", sense=sense, bound=bound)
    assert figure.met is met
    assert ("**not met**" in figures_table([figure])) is not met


def test_a_table_states_the_target_beside_the_figure() -> None:
    figure = ratio_figure("first answer", Ratio(value=45.04, lowest=41.0, highest=47.5), "at least", 30)
    assert "| first answer | **45×** | 41 to 47.5 | at least 30× | met |" in figures_table([figure])
