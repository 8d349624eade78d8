"""What a stack costs while nobody calls it, by the list prices of `prices.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ops.recorder import Recorder, Registered

PRICES = Path(__file__).with_name("prices.toml")
MIB_PER_GB = 1024
"""Lambda bills memory by the GB of 1,024 MB."""


@dataclass(frozen=True, kw_only=True)
class Price:
    usd: float
    unit: str
    what: str
    page: str
    """Where AWS says what it is today."""


@dataclass(frozen=True, kw_only=True)
class PriceList:
    region: str
    as_of: str
    """Year and month in which these were the list prices."""
    hours_per_month: int
    price: Mapping[str, Price]


@cache
def price_list() -> PriceList:
    """The prices that costs are computed with."""
    values = tomllib.loads(PRICES.read_text())
    prices = {key: Price(**entry) for key, entry in values.pop("price").items()}
    return PriceList(**values, price=prices)


STORED: Mapping[str, tuple[str, str]] = {
    "aws:s3/bucket:Bucket": ("s3_storage", "models in the bucket"),
    "aws:efs/fileSystem:FileSystem": ("efs_storage", "models on the EFS file system"),
    "aws:s3/filesFileSystem:FilesFileSystem": ("s3files_storage", "models that S3 Files keeps close"),
    "aws:ecr/repository:Repository": ("ecr_storage", "images"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs_storage", "logs"),
}
"""What is billed by what it holds: the price and what is held."""


def monthly(stack: Recorder) -> float:
    """US dollars a month that a stack costs whatever it holds, while nobody calls it."""
    prices = price_list().price
    return sum(prices[key].usd * quantity for each in stack.registered for key, quantity in _quantities(each, stack))


def by_content(stack: Recorder) -> list[tuple[Price, str]]:
    """What is billed by the GB that a stack holds: the price, and of what."""
    types = {each.type for each in stack.registered}
    return [(price_list().price[key], held) for type_, (key, held) in STORED.items() if type_ in types]


def _quantities(resource: Registered, stack: Recorder) -> Iterator[tuple[str, float]]:
    """What one resource is billed for by time: keys of prices, and how much of each in a month."""
    hours, inputs = price_list().hours_per_month, resource.inputs
    match resource.type:
        case "aws:cloudwatch/metricAlarm:MetricAlarm":
            yield "alarm_metric", sum("metric" in query for query in inputs.get("metricQueries", [])) or 1
        case "aws:cloudwatch/dashboard:Dashboard":
            yield "dashboard", 1
        case "aws:ec2/vpcEndpoint:VpcEndpoint" if inputs.get("vpcEndpointType") == "Interface":
            yield "interface_endpoint", hours * len(inputs["subnetIds"])
        case "aws:efs/fileSystem:FileSystem" if inputs.get("throughputMode") == "provisioned":
            yield "efs_provisioned", inputs["provisionedThroughputInMibps"]
        case "aws:lambda/function:Function" if (inputs.get("snapStart") or {}).get("applyOn") == "PublishedVersions":
            yield "snapshot", hours * 3600 * _memory_gb(inputs)
        case "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig":
            function = _function_of(resource, stack)
            ready = inputs["provisionedConcurrentExecutions"]
            yield f"provisioned_{function['architectures'][0]}", hours * 3600 * ready * _memory_gb(function)
        case _:
            return


def _function_of(resource: Registered, stack: Recorder) -> Mapping[str, Any]:
    """The inputs of the function that a resource belongs to."""
    awaited = stack.waits_for(resource)
    functions = [each for each in stack.of("aws:lambda/function:Function") if each.urn in awaited]
    # Others, such as the one that fills a file system, are waited for by the function itself.
    return next(each.inputs for each in functions if not any(each.urn in stack.waits_for(other) for other in functions))


def _memory_gb(function: Mapping[str, Any]) -> float:
    return function["memorySize"] / MIB_PER_GB
