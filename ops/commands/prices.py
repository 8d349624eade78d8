"""`python -m ops prices`: asks AWS's Price List for today's prices of a region, and shows what is new."""

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path

import boto3

from ops.price_updates import API_REGION, as_toml, changes, todays
from ops.prices import price_list

NAME = "prices"
HELP = "ask AWS for today's list prices of a region, and show what differs from ops/prices.toml"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--region", default="us-east-1", help="whose prices (default: us-east-1)")
    parser.add_argument("--write", type=Path, metavar="TOML", help="write a file for --prices of the other commands")


def run(options: Namespace) -> int:
    """Show the differences; raises ValueError if AWS has none."""
    prices = price_list()
    today = todays(boto3.client("pricing", region_name=API_REGION), options.region)
    if not today:
        raise ValueError(f"AWS has no prices for {options.region!r}; name a region such as eu-west-1")
    print("\n".join(changes(prices, today)))
    if options.write is not None:
        options.write.write_text(as_toml(prices, today, options.region, f"{datetime.now(UTC):%Y-%m}"))
        print(f"{options.write} is written")
    return 0
