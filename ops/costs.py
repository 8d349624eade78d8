"""What an idle stack costs, by the list prices of `prices.toml`."""

from collections.abc import Iterator, Mapping
from typing import Any

from ops.prices import Price, price_list
from ops.recorder import Recorder, Registered
from ops.resource_types import resource_types

MIB_PER_GB = 1024
"""Lambda bills memory by the GB of 1,024 MB."""


def monthly(stack: Recorder) -> float:
    """US dollars a month that an idle stack pays by time."""
    prices = price_list().price
    return sum(prices[key].usd * quantity for each in stack.registered for key, quantity in _quantities(each, stack))


def by_content(stack: Recorder) -> list[tuple[Price, str]]:
    """What a stack pays for each GB that it holds: the price, and of what."""
    present = {each.type for each in stack.registered}
    held = {each.price: each.holds for type_, each in resource_types().items() if type_ in present}
    return [(price, held[key]) for key, price in price_list().price.items() if key in held]


def _quantities(resource: Registered, stack: Recorder) -> Iterator[tuple[str, float]]:
    """What one resource pays by time: keys of prices, and the units of each in a month."""
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
        case "aws:lb/loadBalancer:LoadBalancer":
            yield "load_balancer", hours
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
    # The function itself may wait for another one, such as the one that fills a file system.
    return next(each.inputs for each in functions if not any(each.urn in stack.waits_for(other) for other in functions))


def _memory_gb(function: Mapping[str, Any]) -> float:
    return function["memorySize"] / MIB_PER_GB
