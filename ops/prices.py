"""The list prices that costs are computed with: the table `prices.toml`, and tables of a user's own over it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

MIB_PER_GB = 1024
"""Lambda bills memory by the GB of 1,024 MB."""

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, kw_only=True)
class Price:
    """A list price of AWS."""

    usd: float
    unit: str
    """What it is paid for, such as `GB-month`."""
    what: str
    page: str
    """The page of AWS with today's price."""


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A price that holds up to a quantity."""

    usd: float
    up_to: float = inf


@dataclass(frozen=True, kw_only=True)
class UsagePrice:
    """A list price of what requests use, which may fall with the quantity."""

    tiers: Sequence[Tier]
    """By rising `up_to`; the last one has no end."""
    unit: str
    what: str
    page: str
    free: float = 0
    """Units that an account gets each month for nothing."""

    def charge(self, quantity: float, *, free: bool = False) -> float:
        """US dollars for a quantity in one month. `free` says whether the account's free units are left."""
        billed = max(0.0, quantity - self.free) if free else quantity
        total, below = 0.0, 0.0
        for tier in self.tiers:
            total += max(0.0, min(billed, tier.up_to) - below) * tier.usd
            below = tier.up_to
        return total


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """The prices of one region."""

    region: str
    as_of: str
    """Year and month in which these were the list prices."""
    price: Mapping[str, Price]
    """What is paid by time or by content, by key."""
    usage: Mapping[str, UsagePrice]
    """What is paid by use, by key."""
    hours_per_month: int
    """The hours of a month for which AWS's calculator bills what runs all the time."""

    @property
    def seconds_per_month(self) -> int:
        """The seconds of such a month."""
        return self.hours_per_month * 3600


@cache
def price_list(own: Path | None = None) -> PriceList:
    """The prices, as the file has them. Entries of the file `own`, of the same form, replace those of the same key.

    Raises ValueError if `own` cannot be read, or has a key that is not known.
    """
    values = tomllib.loads(FILE.read_text())
    if own is not None:
        values = _with_own(values, own)
    prices = {key: Price(**entry) for key, entry in values.pop("price").items()}
    usage = {key: _usage_price(key, entry) for key, entry in values.pop("usage").items()}
    return PriceList(**values, price=prices, usage=usage)


def _with_own(values: dict[str, Any], file: Path) -> dict[str, Any]:
    try:
        own = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"the prices of {file} cannot be read: {error}") from None
    merged = {**values}
    for key, value in own.items():
        if key not in values:
            raise ValueError(f"{file} has {key!r}; a file of prices has {', '.join(values)}")
        merged[key] = _merged(values[key], value, file, key) if isinstance(value, dict) else value
    return merged


def _merged(known: dict[str, Any], own: Mapping[str, Any], file: Path, table: str) -> dict[str, Any]:
    if unknown := sorted(own.keys() - known.keys()):
        raise ValueError(f"{file} has {table}.{unknown[0]}, which is no price; those are {', '.join(sorted(known))}")
    return {key: {**entry, **own.get(key, {})} for key, entry in known.items()}


def _usage_price(key: str, entry: Mapping[str, Any]) -> UsagePrice:
    tiers = [Tier(**tier) for tier in entry["tiers"]]
    ends = [tier.up_to for tier in tiers]
    if ends != sorted(set(ends)) or ends[-1] != inf:
        raise ValueError(f"the tiers of usage.{key} end at {ends}; they must rise, and the last one has no up_to")
    return UsagePrice(
        tiers=tiers, unit=entry["unit"], what=entry["what"], page=entry["page"], free=entry.get("free", 0)
    )
