"""Today's list prices of a region, from AWS's Price List: a file for `--prices`, and what is new in it."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from ops.prices import PriceList, Tier

FILE = Path(__file__).with_name("price_queries.toml")

API_REGION = "us-east-1"
"""The Price List answers for all regions in this one."""

PREFIX = re.compile(r"[A-Z]{2,4}\d?-")
"""What a `usagetype` begins with, elsewhere than in N. Virginia."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """Where the Price List has a price. The head of `price_queries.toml` explains the fields."""

    service: str
    group: str = ""
    usagetype: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])

    def filters(self, region: str) -> list[dict[str, str]]:
        """What to ask for."""
        wanted = {"regionCode": region, **({"group": self.group} if self.group else {}), **self.attributes}
        return [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()]

    def fits(self, product: Mapping[str, Any]) -> bool:
        """Whether a product is the one: its `usagetype` is not a longer word with the same end."""
        usagetype: str = product["product"]["attributes"].get("usagetype", "")
        return not self.usagetype or PREFIX.sub("", usagetype, count=1) == self.usagetype


def queries() -> Mapping[str, Query]:
    """The queries, by the key of the price."""
    return {key: Query(**entry) for key, entry in tomllib.loads(FILE.read_text()).items()}


def todays(client: Any, region: str) -> Mapping[str, Sequence[Tier]]:
    """The prices that the Price List has for a region, by key. `client` is boto3's of `pricing`.

    Raises ValueError if a query finds several products with different prices: a wrong price is worse than none.
    """
    found: dict[str, Sequence[Tier]] = {}
    for key, query in queries().items():
        products = [product for product in _products(client, query, region) if query.fits(product)]
        different = {tuple(tiers) for product in products if (tiers := _tiers(product))}
        if len(different) > 1:
            raise ValueError(f"the Price List has {len(different)} prices for {key} in {region}; narrow {FILE.name}")
        if different:
            found[key] = different.pop()
    return found


def changes(prices: PriceList, today: Mapping[str, Sequence[Tier]]) -> Iterator[str]:
    """What is new, a line for each price; and which prices the Price List was not asked for, or did not have."""
    for key, tiers in today.items():
        before = list(prices.usage[key].tiers) if key in prices.usage else [Tier(usd=prices.price[key].usd)]
        after = list(tiers) if key in prices.usage else [Tier(usd=tiers[0].usd)]
        if before != after:
            yield f"{key}: {_in_words(before)} → {_in_words(after)}"
    if missing := sorted({*prices.usage, *prices.price} - today.keys()):
        yield f"not in the answers, so unchanged: {', '.join(missing)}"


def as_toml(prices: PriceList, today: Mapping[str, Sequence[Tier]], region: str, as_of: str) -> str:
    """A file for `--prices`."""
    lines = ["# Written by `python -m ops prices`.", f"region = {json.dumps(region)}", f"as_of = {json.dumps(as_of)}"]
    for key, tiers in sorted(today.items()):
        if key in prices.price:
            lines += ["", f"[price.{key}]", f"usd = {_number(tiers[0].usd)}"]
            continue
        written = ", ".join(
            f"{{ usd = {_number(tier.usd)} }}"
            if tier.up_to == inf
            else f"{{ up_to = {_number(tier.up_to)}, usd = {_number(tier.usd)} }}"
            for tier in tiers
        )
        lines += ["", f"[usage.{key}]", f"tiers = [{written}]"]
    return "\n".join(lines) + "\n"


def _products(client: Any, query: Query, region: str) -> Iterator[Mapping[str, Any]]:
    pages = client.get_paginator("get_products").paginate(ServiceCode=query.service, Filters=query.filters(region))
    for page in pages:
        yield from map(json.loads, page["PriceList"])


def _tiers(product: Mapping[str, Any]) -> list[Tier]:
    """The tiers of a product on demand, without those that cost nothing: they are a free tier."""
    dimensions = [
        dimension
        for term in product["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
    ]
    rising = sorted(dimensions, key=lambda dimension: float(dimension["beginRange"]))
    tiers = [
        Tier(
            usd=float(dimension["pricePerUnit"]["USD"]),
            up_to=inf if dimension["endRange"] == "Inf" else float(dimension["endRange"]),
        )
        for dimension in rising
    ]
    return [tier for tier in tiers if tier.usd]


def _in_words(tiers: Sequence[Tier]) -> str:
    return ", then ".join(f"${_number(tier.usd)}" for tier in tiers)


def _number(value: float) -> str:
    text = f"{value:.12f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
