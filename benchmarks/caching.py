"""Simulates caches of a given size under traffic over many models.

All items have one size. `lru_hits` simulates an exact least-recently-used cache. `belady_hits` knows all future
requests: no cache that loads each requested item can hit more often.
"""

import heapq
import random
from collections import OrderedDict
from collections.abc import Sequence


def zipf_traffic(items: int, requests: int, exponent: float, seed: int) -> list[int]:
    """Random requests for the items 0 to items - 1; the probability of k is proportional to 1 / (k + 1)^exponent."""
    weights = [1 / (rank + 1) ** exponent for rank in range(items)]
    return random.Random(seed).choices(range(items), weights, k=requests)  # noqa: S311  # not a secret


def lru_hits(traffic: Sequence[int], room: int) -> list[bool]:
    """For each request, whether a cache of `room` items hits that evicts the least recently used item."""
    held: OrderedDict[int, None] = OrderedDict()
    hits: list[bool] = []
    for item in traffic:
        hits.append(item in held)
        held[item] = None
        held.move_to_end(item)
        if len(held) > room:
            held.popitem(last=False)
    return hits


def belady_hits(traffic: Sequence[int], room: int) -> list[bool]:
    """For each request, whether a cache of `room` items hits that evicts the item whose next use is furthest away."""
    next_use = _next_uses(traffic)
    held: dict[int, int] = {}
    furthest: list[tuple[int, int]] = []  # (-next use, item); entries that `held` contradicts are stale
    hits: list[bool] = []
    for position, item in enumerate(traffic):
        hits.append(item in held)
        if item not in held and len(held) >= room:
            _evict_furthest(held, furthest)
        held[item] = next_use[position]
        heapq.heappush(furthest, (-next_use[position], item))
    return hits


def most_popular_hits(traffic: Sequence[int], room: int) -> list[bool]:
    """For each request, whether a cache hits that keeps only the `room` most requested items of the whole traffic."""
    chosen = set(sorted(set(traffic), key=traffic.count, reverse=True)[:room])
    loaded: set[int] = set()
    hits: list[bool] = []
    for item in traffic:
        hits.append(item in loaded)
        loaded |= {item} & chosen
    return hits


def _next_uses(traffic: Sequence[int]) -> list[int]:
    """For each request, the position of the next request for its item; the length of the traffic if there is none."""
    upcoming: dict[int, int] = {}
    uses = [0] * len(traffic)
    for position in range(len(traffic) - 1, -1, -1):
        uses[position] = upcoming.get(traffic[position], len(traffic))
        upcoming[traffic[position]] = position
    return uses


def _evict_furthest(held: dict[int, int], furthest: list[tuple[int, int]]) -> None:
    while True:
        negative_use, item = heapq.heappop(furthest)
        if held.get(item) == -negative_use:
            del held[item]
            return
