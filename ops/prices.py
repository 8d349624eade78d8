"""The list prices that costs are computed with: the table `prices.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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
class PriceList:
    """The prices of one region."""

    region: str
    as_of: str
    """Year and month in which these were the list prices."""
    price: Mapping[str, Price]
    """By key."""
    hours_per_month: int
    """The hours of a month for which AWS's calculator bills what runs all the time."""


@cache
def price_list() -> PriceList:
    """The prices, as the file has them."""
    values = tomllib.loads(FILE.read_text())
    prices = {key: Price(**entry) for key, entry in values.pop("price").items()}
    return PriceList(**values, price=prices)
