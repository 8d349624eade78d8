"""The function that deletes old versions; botocore checks its calls of Lambda."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from handlers import prune_versions

Prune = Callable[[int], list[str]]


@pytest.fixture
def prune(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Prunes a function with some versions and aliases; every version that is deleted must be expected."""

    def prune(versions: int, aliases: list[Mapping[str, Any]], keep: int, deleted: list[str]) -> list[str]:
        client = boto3.client("lambda", region_name="eu-central-1", aws_access_key_id="id", aws_secret_access_key="key")
        monkeypatch.setattr(prune_versions.boto3, "client", {"lambda": client}.__getitem__)
        numbers = ["$LATEST", *map(str, range(1, versions + 1))]
        with Stubber(client) as stub:
            stub.add_response("list_aliases", {"Aliases": aliases}, {"FunctionName": "iris"})
            listed = {"Versions": [{"Version": number} for number in numbers]}
            stub.add_response("list_versions_by_function", listed, {"FunctionName": "iris"})
            for version in deleted:
                stub.add_response("delete_function", {}, {"FunctionName": "iris", "Qualifier": version})
            answer = prune_versions.handler({"function": "iris", "keep": keep}, None)
            stub.assert_no_pending_responses()
        return answer["deleted"]

    return prune


def at(version: str, **weights: float) -> dict[str, Any]:
    return {"FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": weights}}


def test_versions_that_no_alias_needs_are_deleted_but_for_the_newest(prune):
    assert prune(12, [at("12")], keep=2, deleted=[str(each) for each in range(9, 0, -1)])[:2] == ["9", "8"]


def test_both_versions_of_a_shift_under_way_stay(prune):
    assert prune(5, [at("2", **{"3": 0.1}), at("1")], keep=1, deleted=["4"]) == ["4"]


def test_a_version_that_is_about_to_be_shifted_to_stays(prune):
    assert prune(3, [at("1")], keep=1, deleted=["2"]) == ["2"]


def test_nothing_is_deleted_where_few_versions_are(prune):
    assert prune(2, [at("2")], keep=3, deleted=[]) == []
