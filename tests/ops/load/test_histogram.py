"""The histogram of latencies, beside all values kept and sorted."""

import random

import pytest

from ops.load.histogram import Histogram


@pytest.mark.parametrize("percent", [0.1, 50, 90, 99, 99.9, 100])
def test_a_percentile_is_exact_to_three_digits(percent: float) -> None:
    values = sorted(round(random.Random(seed).lognormvariate(9, 2)) + 1 for seed in range(10_000))  # noqa: S311
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    exact = values[max(1, round(len(values) * percent / 100)) - 1]
    assert histogram.percentile(percent) == pytest.approx(exact, rel=1e-3)
    assert histogram.percentile(100) == values[-1]
    assert (histogram.total, histogram.mean) == (len(values), pytest.approx(sum(values) / len(values)))


def test_a_histogram_without_values_has_no_percentile() -> None:
    assert (Histogram().total, Histogram().mean, Histogram().percentile(99)) == (0, 0.0, 0)


def test_a_value_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="a value is 1 or more"):
        Histogram().record(0)
