"""A bill: what a quantity costs at a list price. Pure arithmetic, in the units in which AWS bills."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from handlers.contract import FREE_EPHEMERAL_MIB, Architecture
from ops.prices import MIB_PER_GB, PriceList


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of a month's bill."""

    key: str
    """The key of its price in `prices.toml`."""
    what: str
    quantity: float
    """In `unit`."""
    unit: str
    usd: float
    page: str
    """The page of AWS with the price."""
    why: str = ""
    """How the quantity came about."""


def used(prices: PriceList, key: str, quantity: float, *, why: str = "", free: bool = False) -> Item:
    """What a month's use costs. `free` says whether the account's free units are left for it."""
    price = prices.usage[key]
    usd = price.charge(quantity, free=free)
    return Item(key=key, what=price.what, quantity=quantity, unit=price.unit, usd=usd, page=price.page, why=why)


def held(prices: PriceList, key: str, quantity: float, *, why: str = "") -> Item:
    """What is held for a time costs, in the unit of the price: GB-months, GB-seconds, hours."""
    price = prices.price[key]
    usd = price.usd * quantity
    return Item(key=key, what=price.what, quantity=quantity, unit=price.unit, usd=usd, page=price.page, why=why)


def gb_seconds(count: float, seconds: float, memory_mib: float) -> float:
    """Compute time of so many invocations. Lambda rounds each duration up to a millisecond."""
    return count * ceil(round(seconds * 1000, 6)) / 1000 * memory_mib / MIB_PER_GB


def invocations(
    prices: PriceList,
    *,
    requests: float,
    compute: float,
    architecture: Architecture = "x86_64",
    ready_compute: float = 0,
    free: bool = False,
) -> Iterator[Item]:
    """Requests, and their GB-seconds: those in environments on demand, and those in ready ones.

    A function with provisioned concurrency has no free units.
    """
    free = free and not ready_compute
    yield used(prices, "lambda_requests", requests, free=free)
    if compute:
        yield used(prices, f"lambda_{architecture}", compute, free=free)
    if ready_compute:
        yield used(prices, f"lambda_ready_{architecture}", ready_compute)


def kept_ready(
    prices: PriceList, *, environments: int, seconds: float, memory_mib: float, architecture: Architecture = "x86_64"
) -> Item:
    """Provisioned concurrency for a time."""
    quantity = environments * seconds * memory_mib / MIB_PER_GB
    why = f"{environments} ready environments of {memory_mib:g} MiB for {seconds / 3600:,.0f} hours"
    return held(prices, f"provisioned_{architecture}", quantity, why=why)


def ephemeral(prices: PriceList, *, seconds: float, ephemeral_mib: float) -> Iterator[Item]:
    """Ephemeral storage beyond the free part, for so many seconds of invocations."""
    if (beyond := ephemeral_mib - FREE_EPHEMERAL_MIB) > 0:
        quantity = seconds * beyond / MIB_PER_GB
        yield used(prices, "lambda_ephemeral", quantity, why=f"{beyond:g} MiB beyond {FREE_EPHEMERAL_MIB}")


def total(items: Iterable[Item]) -> float:
    """US dollars of all items."""
    return sum(item.usd for item in items)
