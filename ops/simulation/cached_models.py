"""How often a function finds a model in its memory: an environment's least-recently-used cache, simulated."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

LONGEST = 60_000
"""Requests after which the share of hits no longer moves."""


def zipf(models: int, exponent: float) -> npt.NDArray[np.float64]:
    """The share of requests of each model. The first is asked for most; 0 asks for all alike."""
    weights = np.arange(1, models + 1, dtype=np.float64) ** -exponent
    return weights / weights.sum()


def hits(requests: Iterable[int], sizes: Sequence[float], budget: float) -> list[bool]:
    """Whether each request finds its model. `requests` are indices of `sizes`, which are bytes, as `budget` is.

    A model that is not there replaces those that were not asked for the longest. One that is larger than the budget is
    never kept.
    """
    held: OrderedDict[int, float] = OrderedDict()
    taken, found = 0.0, list[bool]()
    for model in requests:
        if model in held:
            held.move_to_end(model)
            found.append(True)
            continue
        found.append(False)
        if (size := sizes[model]) > budget:
            continue
        while taken + size > budget:
            taken -= held.popitem(last=False)[1]
        held[model] = size
        taken += size
    return found


def hit_ratio(
    popularity: npt.NDArray[np.float64], sizes: Sequence[float], budget: float, requests: float, seed: int = 0
) -> float:
    """The share of hits among an environment's first `requests` requests, which are independent of each other.

    A new environment holds nothing, so a short life has few hits. If all models fit, this is arithmetic: a model is
    missed once if it is asked for at all.
    """
    count = max(1, round(requests))
    if sum(sizes) <= budget:
        return 1 - float((1 - (1 - popularity) ** count).sum()) / count
    all_hits, later_share = _simulated(tuple(popularity.tolist()), tuple(sizes), budget, min(count, LONGEST), seed)
    return (all_hits + max(0, count - LONGEST) * later_share) / count


@lru_cache(maxsize=256)
def _simulated(
    popularity: tuple[float, ...], sizes: tuple[float, ...], budget: float, count: int, seed: int
) -> tuple[int, float]:
    """The hits among so many requests, and their share in the second half. Options ask for the same again."""
    random = np.random.default_rng(seed)
    found = hits(random.choice(len(popularity), count, p=popularity).tolist(), sizes, budget)
    later = found[count // 2 :]
    return sum(found), sum(later) / len(later)
