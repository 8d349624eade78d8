"""Traffic over many models, and how often the best caches of a given room would hit on it.

`belady_hits` knows the future: no cache that loads what is asked for, evicting one item for another of the same size,
can hit more often. `lru_hits` is what an exact least-recently-used cache does, so the most that one can do.
"""

import heapq
import random
from collections import OrderedDict
from collections.abc import Sequence


def zipf_traffic(items: int, requests: int, exponent: float, seed: int) -> list[int]:
    """Requests for items 0 to items - 1, drawn one by one, item k in proportion to 1 / (k + 1)^exponent."""
    weights = [1 / (rank + 1) ** exponent for rank in range(items)]
    return random.Random(seed).choices(range(items), weights, k=requests)  # noqa: S311  # not a secret


def lru_hits(traffic: Sequence[int], room: int) -> list[bool]:
    """Which requests a cache with room for so many items answers, if it evicts what was used least recently."""
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
    """Which requests the best cache with room for so many items answers: it evicts what is needed again last."""
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
    """Which requests a cache answers that only ever holds the items asked for most over the whole traffic."""
    chosen = set(sorted(set(traffic), key=traffic.count, reverse=True)[:room])
    loaded: set[int] = set()
    hits: list[bool] = []
    for item in traffic:
        hits.append(item in loaded)
        loaded |= {item} & chosen
    return hits


def _next_uses(traffic: Sequence[int]) -> list[int]:
    """For each request, when its item is asked for next; past the end if never."""
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
