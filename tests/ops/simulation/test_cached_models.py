"""Hit ratios of a cache, against formulas."""

import json

import numpy as np
import pytest

from handlers.serving.footprint import ENGINE_BYTES
from ops.simulation.cached_models import hit_ratio, hits, zipf
from tests.paths import PROJECT


def che(popularity: np.ndarray, room: int) -> float:
    """Che's approximation for models of one size: a model is a hit if it was asked for within the time that it takes to
    ask for `room` others."""
    low, high = 0.0, 1e9
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 - np.exp(-popularity * middle)).sum() < room else (low, middle)
    return float((popularity * (1 - np.exp(-popularity * low))).sum())


@pytest.mark.parametrize(("models", "room", "exponent"), [(100, 20, 1.0), (100, 50, 0.8), (30, 10, 0.0)])
def test_the_share_of_hits_is_ches_approximation(models: int, room: int, exponent: float) -> None:
    popularity = zipf(models, exponent)

    assert hit_ratio(popularity, [1.0] * models, room, 1e9) == pytest.approx(che(popularity, room), rel=0.02)


def test_models_that_all_fit_are_missed_once() -> None:
    """Of so many requests for two models alike, the first of each is a miss."""
    assert hit_ratio(zipf(2, 0), [1, 1], 2, 10) == pytest.approx(1 - 2 * (1 - 0.5**10) / 10)
    assert hit_ratio(zipf(1, 1), [1], 1, 4) == 0.75


def test_a_model_that_is_larger_than_the_room_is_never_kept() -> None:
    assert hits([0, 0, 0], [5.0], 4.0) == [False, False, False]


def test_a_large_model_replaces_several() -> None:
    assert hits([0, 1, 2, 3, 0, 3], [1, 1, 1, 3], 3) == [False, False, False, False, False, False]
    assert hits([0, 1, 0, 2, 0], [1, 1, 2], 3) == [False, False, True, False, True]


def test_a_zipf_mix_has_shares_that_fall_with_the_rank() -> None:
    assert zipf(3, 1).tolist() == pytest.approx([6 / 11, 3 / 11, 2 / 11])
    assert zipf(4, 0).tolist() == [0.25] * 4


def test_a_real_handler_loaded_the_same_models_for_the_same_requests() -> None:
    """The recorded benchmark: a hundred models of 9 MB, room for twenty beside LiteRT, 5,000 requests."""
    record = json.loads((PROJECT / "benchmarks" / "results" / "many-models.json").read_text())["data"]
    sizes = [float(record["model_bytes"])] * (max(record["traffic"]) + 1)
    found = hits(record["traffic"], sizes, record["budget_bytes"] - ENGINE_BYTES["litert"])
    loaded: list[bool] = record["loaded"]

    assert found == [not each for each in loaded]
