"""`python -m ops prices`: today's list prices, from answers in the form of AWS's Price List."""

import json
from math import inf
from pathlib import Path
from typing import Any

import pytest

from ops.price_updates import as_toml, changes, queries, todays
from ops.prices import Tier, price_list

PRICES = price_list()


def product(usagetype: str, *tiers: tuple[str, str, str]) -> str:
    """A product of the Price List; `tiers` have begin, end and dollars."""
    dimensions = {
        str(number): {"beginRange": begin, "endRange": end, "pricePerUnit": {"USD": usd}}
        for number, (begin, end, usd) in enumerate(tiers)
    }
    return json.dumps(
        {
            "product": {"attributes": {"usagetype": usagetype}},
            "terms": {"OnDemand": {"a": {"priceDimensions": dimensions}}},
        }
    )


class Pricing:
    """Answers like boto3's client: products by what a filter asks for."""

    def __init__(self, **products: list[str]) -> None:
        self.products, self.asked = products, list[dict[str, Any]]()

    def get_paginator(self, _: str) -> "Pricing":
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked.append(asked)
        filters = {each["Field"]: each["Value"] for each in asked["Filters"]}
        name = filters.get("group", asked["ServiceCode"]).replace("-", "_")
        found = self.products.get(name, [])
        return [{"PriceList": found[:1]}, {"PriceList": found[1:]}]


def test_tiers_are_read_in_their_order_and_without_the_free_one() -> None:
    tiers = [("400000", "6000000000", "0.0000166667"), ("6000000000", "Inf", "0.000015"), ("0", "400000", "0")]
    client = Pricing(AWS_Lambda_Duration=[product("EU-Lambda-GB-Second", *tiers)])

    assert todays(client, "eu-west-1") == {
        "lambda_x86_64": (Tier(usd=0.0000166667, up_to=6e9), Tier(usd=0.000015)),
    }
    assert all(
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1"} in each["Filters"] for each in client.asked
    )


def test_a_usagetype_is_recognised_behind_the_region_and_not_inside_a_longer_word() -> None:
    client = Pricing(
        AmazonApiGateway=[
            product("EUW1-ApiGatewayHttpRequest", ("0", "Inf", "0.00000111")),
            product("EUW1-ApiGatewayRequest", ("0", "Inf", "0.0000035")),
        ]
    )
    found = todays(client, "eu-west-1")

    assert found["http_api_requests"] == (Tier(usd=0.00000111),)
    assert found["rest_api_requests"] == (Tier(usd=0.0000035),)


def test_two_prices_for_one_key_are_refused() -> None:
    client = Pricing(AWS_Lambda_Requests=[product("Request", ("0", "Inf", usd)) for usd in ("0.0000002", "0.0000003")])

    with pytest.raises(ValueError, match="2 prices for lambda_requests in us-east-1"):
        todays(client, "us-east-1")


def test_what_is_new_is_shown_and_what_was_not_found_is_named() -> None:
    lines = list(changes(PRICES, {"s3_reads": [Tier(usd=0.0000005)], "s3_storage": [Tier(usd=0.023, up_to=50)]}))

    assert lines[0] == "s3_reads: $0.0000004 → $0.0000005"
    assert len(lines) == 2
    assert lines[1].startswith("not in the answers, so unchanged: alarm_metric")


def test_the_file_that_is_written_is_one_that_is_read(tmp_path: Path) -> None:
    file = tmp_path / "ireland.toml"
    today = {
        "http_api_requests": [Tier(usd=0.00000111, up_to=3e8), Tier(usd=0.000001)],
        "efs_storage": [Tier(usd=0.33)],
    }
    file.write_text(as_toml(PRICES, today, "eu-west-1", "2026-11"))
    own = price_list(file)

    assert (own.region, own.as_of) == ("eu-west-1", "2026-11")
    assert own.usage["http_api_requests"].tiers == today["http_api_requests"]
    assert own.price["efs_storage"].usd == 0.33
    assert own.price["efs_storage"].unit == "GB-month"
    assert own.usage["s3_reads"] == PRICES.usage["s3_reads"]


def test_each_query_is_for_a_price_that_there_is() -> None:
    assert queries().keys() <= {*PRICES.price, *PRICES.usage}
    assert Tier(usd=1).up_to == inf
