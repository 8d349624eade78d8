"""Environments against formulas of queueing theory, and blocks against single requests."""

from collections.abc import Iterator
from math import exp

import numpy as np
import pytest

from ops.simulation.arrivals import Times, Traffic, arrivals
from ops.simulation.environments import Counts, Environments, Platform
from ops.simulation.queueing import erlang_b, poisson_tail

NEVER = 1e12


def poisson(per_second: float, seconds: float, seed: int = 1) -> Iterator[Times]:
    return arrivals(np.full(int(seconds // 60), per_second), seed)


def run(times: Iterator[Times], platform: Platform, warm: float, cold: float | None = None) -> Counts:
    return Environments(platform, warm, lambda _: warm if cold is None else cold).run(times)


def one_by_one(times: Iterator[Times]) -> Iterator[Times]:
    """The same arrivals in pieces so short that no block is counted as a whole."""
    for each in times:
        yield from np.array_split(each, len(each) // 7 + 1)


@pytest.mark.parametrize(("servers", "load"), [(5, 3.0), (10, 8.0), (3, 4.0)])
def test_refused_requests_are_those_of_erlang_b(servers: int, load: float) -> None:
    platform = Platform(concurrency=servers, keep_seconds=NEVER)
    counts = run(poisson(10, 20_000), platform, load / 10)

    assert counts.requests == pytest.approx(200_000, rel=0.01)
    assert counts.refused / counts.requests == pytest.approx(erlang_b(servers, load), rel=0.04)


@pytest.mark.parametrize("ready", [1, 3, 6])
def test_requests_that_no_ready_environment_takes_are_those_of_erlang_b(ready: int) -> None:
    counts = run(poisson(20, 12_000), Platform(ready=ready, keep_seconds=NEVER), 0.15)

    assert counts.beyond_ready / counts.requests == pytest.approx(erlang_b(ready, 3.0), rel=0.04)


@pytest.mark.parametrize("per_hour", [2, 6, 12])
def test_few_requests_find_their_environment_gone_as_often_as_a_gap_is_longer_than_it_lives(per_hour: float) -> None:
    counts = run(poisson(per_hour / 3600, 3600 * 40_000 / per_hour), Platform(keep_seconds=600), 0.001)

    assert counts.cold_share == pytest.approx(exp(-per_hour / 6), rel=0.04)


def test_an_environment_that_is_never_used_again_is_the_highest_of_a_month() -> None:
    """With environments that last, as many start as requests were under way at once."""
    counts = run(poisson(30, 6000), Platform(keep_seconds=NEVER), 0.1)

    assert len(counts.cold_at) == counts.most_at_once
    assert poisson_tail(counts.most_at_once + 3, 3.0) * 6000 * 30 < 1


@pytest.mark.parametrize(("per_second", "warm", "keep"), [(20, 0.1, 60), (50, 0.02, 120), (5, 0.5, 300)])
def test_blocks_count_what_single_requests_give(per_second: float, warm: float, keep: float) -> None:
    platform = Platform(keep_seconds=keep)
    blocks = run(poisson(per_second, 15_000), platform, warm, cold=1.0)
    single = run(one_by_one(poisson(per_second, 15_000)), platform, warm, cold=1.0)

    assert blocks.requests == single.requests
    assert blocks.most_at_once == single.most_at_once
    assert len(blocks.cold_at) == pytest.approx(len(single.cold_at), rel=0.1, abs=3)


def test_a_crowd_at_once_starts_an_environment_for_each() -> None:
    counts = run(iter([np.full(220, 5.0)]), Platform(), 0.02, cold=2.0)

    assert (len(counts.cold_at), counts.refused, counts.most_at_once) == (220, 0, 220)


def test_no_more_than_a_thousand_environments_start_in_a_moment() -> None:
    counts = run(iter([np.full(1500, 5.0)]), Platform(concurrency=5000), 0.02, cold=2.0)

    assert (len(counts.cold_at), counts.refused) == (1000, 500)


def test_ready_environments_answer_without_a_start() -> None:
    counts = run(poisson(10, 6000), Platform(ready=40), 0.1, cold=5.0)

    assert counts.cold_at == []
    assert counts.beyond_ready == 0


def test_the_same_seed_gives_the_same_month() -> None:
    rates = Traffic(requests=20_000, peak_per_second=0.2, shape="business").per_minute()
    first, second = (run(arrivals(rates, 7), Platform(), 0.05, cold=1.0) for _ in range(2))

    assert first.cold_at == second.cold_at


def test_a_day_of_a_hundred_requests_a_second_is_counted_in_blocks() -> None:
    """8.64 million requests: one by one they would take more than ten seconds."""
    counts = run(poisson(100, 86_400), Platform(), 0.02, cold=1.0)

    assert counts.requests == pytest.approx(8.64e6, rel=0.01)
    assert counts.cold_share < 1e-3


def test_what_comes_before_the_count_starts_environments_and_is_not_counted() -> None:
    environments = Environments(Platform(), 0.1, lambda _: 1.0)
    counts = environments.run(iter([np.array([0.0, 0.0, 0.0]), np.array([5.0, 20.0, 20.0]), np.array([21.0])]), 10)

    assert (counts.requests, counts.cold_count) == (3, 0)
