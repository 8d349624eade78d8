"""What a stack costs, idle and in use, by the list prices of `prices.toml`."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from handlers.contract import (
    METRICS,
    METRICS_BY,
    MODEL_NAMES,
    MULTI_MODEL_HANDLER,
    SINGLE_MODEL_HANDLER,
    MetricSet,
    split_model_names,
)
from ops.advice.bill import MIB_PER_GB, gb_seconds, invocations, total, used
from ops.prices import Price, price_list
from ops.recorder import Recorder, Registered
from ops.resource_types import resource_types

FUNCTION = "aws:lambda/function:Function"

SERVING = (SINGLE_MODEL_HANDLER, MULTI_MODEL_HANDLER)
"""What functions that answer predictions run."""


def monthly(stack: Recorder) -> float:
    """US dollars a month that an idle stack pays by time."""
    prices = price_list().price
    return sum(prices[key].usd * quantity for each in stack.registered for key, quantity in _quantities(each, stack))


def by_content(stack: Recorder) -> list[tuple[Price, str]]:
    """What a stack pays for each GB that it holds: the price, and of what."""
    present = {each.type for each in stack.registered}
    held = {each.price: each.holds for type_, each in resource_types().items() if type_ in present}
    return [(price, held[key]) for key, price in price_list().price.items() if key in held]


RUN_SECONDS = 0.05
"""How long a request takes, for an estimate."""

LOGGED_BYTES = 1_500
"""What a request leaves in the logs, for an estimate: a line of the API and one of the function."""


API_PRICES = {
    "aws:apigatewayv2/api:Api": "http_api_requests",
    "aws:apigateway/restApi:RestApi": "rest_api_requests",
}
"""What an API that is paid by the request pays, by the API's type."""


def in_use(stack: Recorder, requests: int) -> Mapping[str, float]:
    """US dollars a month of a stack with so many requests in it, by item. Cold starts are not in it."""
    if not requests:
        return {"idle": monthly(stack)}
    prices = price_list()
    function = next(each.inputs for each in stack.of(FUNCTION) if each.inputs["imageConfig"]["commands"][0] in SERVING)
    compute = gb_seconds(requests, RUN_SECONDS, function["memorySize"])
    billed = invocations(prices, requests=requests, compute=compute, architecture=function["architectures"][0])
    return {
        "idle": monthly(stack),
        "metrics": prices.price["custom_metric"].usd * sum(map(_metrics, stack.of(FUNCTION))),
        "API": sum(used(prices, key, requests).usd for type_, key in API_PRICES.items() if stack.of(type_)),
        "functions": total(billed),
        "logs": used(prices, "logs", LOGGED_BYTES / 1e9 * requests).usd,
    }


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


def _metrics(function: Registered) -> int:
    """How many metrics a function writes while it is asked."""
    environment = _environment(function)
    sets = [each for each in environment.get(METRICS, "").split(",") if each]
    models = len(split_model_names(environment.get(MODEL_NAMES, ""))) or 1
    return sum(len(METRICS_BY[name][1]) * (models if name == "model" else 1) for name in cast("list[MetricSet]", sets))


def _environment(function: Registered) -> Mapping[str, str]:
    return (function.inputs.get("environment") or {}).get("variables", {})


def _function_of(resource: Registered, stack: Recorder) -> Mapping[str, Any]:
    """The inputs of the function that a resource belongs to."""
    awaited = stack.waits_for(resource)
    functions = [each for each in stack.of("aws:lambda/function:Function") if each.urn in awaited]
    # The function itself may wait for another one, such as the one that fills a file system.
    return next(each.inputs for each in functions if not any(each.urn in stack.waits_for(other) for other in functions))


def _memory_gb(function: Mapping[str, Any]) -> float:
    return function["memorySize"] / MIB_PER_GB
