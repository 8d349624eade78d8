"""The simulated caches, beside caches that try everything."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.caching import belady_hits, lru_hits, most_popular_hits, zipf_traffic

TRAFFIC = st.lists(st.integers(0, 4), max_size=9)
LONGER_TRAFFIC = st.lists(st.integers(0, 9), max_size=80)
ROOM = st.integers(1, 4)


def most_hits(traffic: list[int], room: int) -> int:
    """Hits of the best cache that loads what is asked for: every choice of what to evict is tried."""

    @cache
    def best(position: int, held: frozenset[int]) -> int:
        if position == len(traffic):
            return 0
        item = traffic[position]
        if item in held:
            return 1 + best(position + 1, held)
        if len(held) < room:
            return best(position + 1, held | {item})
        return max(best(position + 1, held - {victim} | {item}) for victim in held)

    return best(0, frozenset())


@given(TRAFFIC, ROOM)
def test_belady_hits_as_often_as_the_best_of_all_choices(traffic: list[int], room: int) -> None:
    assert sum(belady_hits(traffic, room)) == most_hits(traffic, room)


@given(LONGER_TRAFFIC, ROOM)
def test_no_cache_hits_more_often_than_belady(traffic: list[int], room: int) -> None:
    assert sum(lru_hits(traffic, room)) <= sum(belady_hits(traffic, room))


@given(LONGER_TRAFFIC, ROOM)
def test_lru_hits_what_is_among_the_last_different_items(traffic: list[int], room: int) -> None:
    def is_recent(position: int) -> bool:
        recent = list(dict.fromkeys(reversed(traffic[:position])))[:room]
        return traffic[position] in recent

    assert lru_hits(traffic, room) == [is_recent(position) for position in range(len(traffic))]


@given(LONGER_TRAFFIC)
def test_with_room_for_all_only_first_requests_miss(traffic: list[int]) -> None:
    first = [item not in traffic[:position] for position, item in enumerate(traffic)]
    for hits in (lru_hits, belady_hits, most_popular_hits):
        assert hits(traffic, 10) == [not miss for miss in first]


def test_the_most_popular_item_hits_but_for_its_first_request() -> None:
    assert most_popular_hits([1, 0, 0, 1, 0], 1) == [False, False, True, False, True]


def test_zipf_traffic_is_the_same_for_the_same_seed() -> None:
    assert zipf_traffic(100, 500, 1.0, seed=7) == zipf_traffic(100, 500, 1.0, seed=7)
    assert zipf_traffic(100, 500, 1.0, seed=7) != zipf_traffic(100, 500, 1.0, seed=8)


def test_zipf_traffic_asks_for_the_second_item_half_as_often_as_for_the_first() -> None:
    traffic = zipf_traffic(10, 50_000, 1.0, seed=1)
    assert traffic.count(1) / traffic.count(0) == pytest.approx(0.5, rel=0.05)
    assert set(traffic) == set(range(10))
