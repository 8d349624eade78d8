"""The arithmetic of bills, on the worked examples of AWS's own pricing pages (N. Virginia)."""

import re
from pathlib import Path

import pytest

from ops.advice.bill import ephemeral, gb_seconds, held, invocations, kept_ready, total, used
from ops.prices import price_list

PRICES = price_list()


def test_three_million_requests_of_120_ms_at_1536_mb_cost_2_73() -> None:
    """https://aws.amazon.com/lambda/pricing/, the mobile application."""
    compute = gb_seconds(3e6, 0.120, 1536)
    bill = list(invocations(PRICES, requests=3e6, compute=compute, free=True))

    assert compute == 540_000
    assert [round(item.usd, 2) for item in bill] == [0.40, 2.33]
    assert total(bill) == pytest.approx(2.73, abs=0.005)


@pytest.mark.parametrize(
    ("requests", "seconds", "memory", "charges", "cost"),
    [(3e6, 1.0, 512, 18.34, 18.74), (30e6, 0.2, 128, 5.83, 11.63)],
)
def test_earlier_examples_of_the_same_page_cost_what_it_says(
    tmp_path: Path, requests: float, seconds: float, memory: float, charges: float, cost: float
) -> None:
    """They round the price of a GB-second to $0.00001667, which a file of prices can do too."""
    own = tmp_path / "prices.toml"
    own.write_text("[usage.lambda_x86_64]\ntiers = [{ usd = 0.00001667 }]\n")
    compute = gb_seconds(requests, seconds, memory)
    bill = list(invocations(price_list(own), requests=requests, compute=compute, free=True))

    assert bill[1].usd == pytest.approx(charges, abs=0.006)
    assert total(bill) == pytest.approx(cost, abs=0.006)


def test_a_thousand_ready_environments_for_two_hours_cost_41_91_with_their_requests() -> None:
    """https://aws.amazon.com/lambda/pricing/, provisioned concurrency: no free units."""
    ready = kept_ready(PRICES, environments=1000, seconds=7200, memory_mib=1024)
    bill = list(invocations(PRICES, requests=1.2e6, compute=0, ready_compute=gb_seconds(1.2e6, 1.0, 1024), free=True))

    assert ready.usd == pytest.approx(30.00, abs=0.005)
    assert [round(item.usd, 2) for item in bill] == [0.24, 11.67]
    assert total([ready, *bill]) == pytest.approx(41.91, abs=0.005)


def test_five_million_calls_of_a_rest_api_cost_18_79_with_their_data() -> None:
    """https://aws.amazon.com/api-gateway/pricing/: answers of 3 KB, nothing free."""
    calls = used(PRICES, "rest_api_requests", 5e6)
    data = used(PRICES, "data_out", 5e6 * 3 / 1024**2)

    assert (calls.usd, round(data.usd, 2)) == (17.50, 1.29)
    assert total([calls, data]) == pytest.approx(18.79, abs=0.005)


def test_216_million_calls_of_an_http_api_cost_216() -> None:
    """https://aws.amazon.com/api-gateway/pricing/"""
    assert used(PRICES, "http_api_requests", 216e6).usd == pytest.approx(216)


def test_a_price_falls_only_for_what_is_beyond_a_tier() -> None:
    assert used(PRICES, "http_api_requests", 400e6).usd == pytest.approx(300 + 90)
    assert used(PRICES, "lambda_x86_64", 7e9).usd == pytest.approx(6e9 * 0.0000166667 + 1e9 * 0.000015)


def test_100_gb_on_efs_for_15_days_and_250_gb_for_16_cost_53_10() -> None:
    """https://aws.amazon.com/efs/pricing/, where GB-months are rounded to 177."""
    months = (100 * 15 * 24 + 250 * 16 * 24) / 744

    assert held(PRICES, "efs_storage", round(months)).usd == pytest.approx(53.10)


def test_a_duration_is_rounded_up_to_a_millisecond() -> None:
    assert gb_seconds(1000, 0.0101, 1024) == pytest.approx(11)
    assert gb_seconds(1000, 0.010, 1024) == pytest.approx(10)


def test_the_first_512_mib_of_tmp_are_free() -> None:
    assert list(ephemeral(PRICES, seconds=1e6, ephemeral_mib=512)) == []
    [item] = ephemeral(PRICES, seconds=1e6, ephemeral_mib=1536)
    assert item.usd == pytest.approx(1e6 * 0.0000000309)


def test_each_price_names_its_page_and_its_unit() -> None:
    for price in (*PRICES.price.values(), *PRICES.usage.values()):
        assert price.page.startswith("https://")
        assert price.unit
        assert price.what


def test_a_file_of_prices_with_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text("[usage.lambda_request]\nfree = 1\n")

    with pytest.raises(ValueError, match=re.escape("usage.lambda_request, which is no price")):
        price_list(own)


def test_tiers_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text("[usage.s3_reads]\ntiers = [{ up_to = 5, usd = 1 }]\n")

    with pytest.raises(ValueError, match=r"usage\.s3_reads end at \[5\]"):
        price_list(own)
