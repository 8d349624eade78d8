"""Months of arrivals, and files of them."""

import re
from pathlib import Path

import numpy as np
import pytest

from ops.simulation.arrivals import SHAPES, Shape, Traffic, arrivals, read_times


@pytest.mark.parametrize("shape", SHAPES)
def test_a_month_has_the_requests_that_were_asked_for(shape: Shape) -> None:
    times = np.concatenate(list(arrivals(Traffic(requests=50_000, shape=shape).per_minute())))

    assert len(times) == pytest.approx(50_000, rel=0.03)
    assert (np.diff(times) >= 0).all()
    assert times[0] >= 0
    assert times[-1] <= 730 * 3600


@pytest.mark.parametrize("shape", ["daily", "business", "spiky"])
def test_the_busiest_minute_has_the_peak(shape: Shape) -> None:
    rates = Traffic(requests=100_000, peak_per_second=2.0, shape=shape).per_minute()

    assert rates.max() == pytest.approx(2.0, rel=0.01)
    assert rates.sum() * 60 == pytest.approx(100_000)


def test_gaps_of_steady_traffic_are_exponential() -> None:
    gaps = np.diff(np.concatenate(list(arrivals(np.full(600, 5.0), 3))))

    assert gaps.mean() == pytest.approx(0.2, rel=0.02)
    assert gaps.std() == pytest.approx(0.2, rel=0.03)


def test_a_peak_below_the_mean_is_refused_with_the_mean() -> None:
    with pytest.raises(ValueError, match=re.escape("give a peak of 10 or more")):
        Traffic(requests=26_280_000, peak_per_second=2).per_minute()


def test_steady_traffic_has_no_peak() -> None:
    with pytest.raises(ValueError, match="choose daily, business or spiky"):
        Traffic(requests=26_280, peak_per_second=2, shape="steady").per_minute()


def test_a_file_of_times_begins_at_its_first_one(tmp_path: Path) -> None:
    file = tmp_path / "times.csv"
    file.write_text("seconds,model\n1000.5,iris\n1003,wine\n1001,iris\n")

    assert read_times(file).tolist() == [0, 0.5, 2.5]


@pytest.mark.parametrize(("text", "said"), [("1\nnoon\n", "'noon' as a time"), ("seconds\n", "no arrival")])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "times.csv"
    file.write_text(text)

    with pytest.raises(ValueError, match=said):
        read_times(file)
