"""Lambda entry point: delete versions of a function that no alias needs. A deployment calls it for each new version."""

from collections.abc import Iterator
from typing import Any

import boto3


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Delete old versions.

    Args:
        event: `function`, its name; `keep`, how many of the newest versions stay besides those that an alias needs.

    Returns:
        `deleted`: the numbers of the versions that are gone, newest first.
    """
    client = boto3.client("lambda")
    name = event["function"]
    needed = {version for alias in _pages(client, "list_aliases", "Aliases", name) for version in _versions_of(alias)}
    published = [each["Version"] for each in _pages(client, "list_versions_by_function", "Versions", name)]
    spare = sorted(
        (version for version in published if version.isdecimal() and version not in needed), key=int, reverse=True
    )
    for version in spare[event["keep"] :]:
        client.delete_function(FunctionName=name, Qualifier=version)
    return {"deleted": spare[event["keep"] :]}


def _pages(client: Any, operation: str, key: str, function: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate(FunctionName=function):
        yield from page[key]


def _versions_of(alias: dict[str, Any]) -> set[str]:
    return {alias["FunctionVersion"], *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})}
