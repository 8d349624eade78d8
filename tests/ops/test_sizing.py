"""`python -m ops size`: a packaged model at several memory settings."""

from pathlib import Path

import pytest

from ops.__main__ import main
from ops.prices import price_list
from ops.sizing import Size, as_text, knee, measure, throttled
from tests.paths import PROJECT

REPOSITORY = PROJECT / "build" / "repository"


def size(memory: int, seconds: float, error: str | None = None) -> Size:
    return Size(memory_mib=memory, seconds=seconds, error=error, usd_per_million=1)


def test_the_knee_is_where_more_memory_is_hardly_faster() -> None:
    sizes = [size(512, 0.4), size(1024, 0.2), size(1769, 0.1), size(3538, 0.095), size(7076, 0.094)]
    found = knee(sizes)

    assert found is not None
    assert found.memory_mib == 1769


def test_settings_that_do_not_answer_are_no_knee() -> None:
    sizes = [size(128, 0, "it ran out of memory"), size(512, 0.2)]
    found = knee(sizes)

    assert found is not None
    assert found.memory_mib == 512
    assert knee(sizes[:1]) is None
    assert "it ran out of memory" in "\n".join(as_text(sizes))


def test_half_a_processor_takes_twice_the_time_that_a_call_computes() -> None:
    assert throttled(0.010, 0.010, 0.5) == pytest.approx(0.020)
    assert throttled(0.010, 0.018, 2.0) == pytest.approx(0.010)


def test_a_model_is_measured_with_the_memory_of_each_setting() -> None:
    small, large = measure(REPOSITORY, "iris", (512, 1769), 5, price_list(), "x86_64")

    assert (small.error, large.error) == (None, None)
    assert 0 < large.seconds <= 1
    assert small.processors == pytest.approx(0.289, abs=0.001)
    assert 5 < large.held_mib < 512
    assert large.usd_per_million >= 0.20


def test_a_model_that_is_not_packaged_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["size", "iris", "--repository", str(tmp_path)]) == 2
    assert "has no model 'iris'" in capsys.readouterr().err


def test_memory_that_no_function_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "iris", "--memory", "64"]) == 2
    assert "give --memory 128 to 10240" in capsys.readouterr().err
