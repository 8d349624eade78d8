"""The present program takes over the stacks of earlier releases, from their kept states."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import succeeded
from tests.engine.kept_states import SHAPES, STATES

KEPT = frozenset(
    {
        *("aws:s3/bucket:Bucket", "aws:efs/fileSystem:FileSystem", "aws:s3/filesFileSystem:FilesFileSystem"),
        *("aws:apigatewayv2/api:Api", "aws:apigateway/restApi:RestApi", "aws:apigatewayv2/domainName:DomainName"),
        *("aws:apigateway/stage:Stage", "aws:apigatewayv2/stage:Stage", "aws:lambda/alias:Alias"),
        *("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ecr/repository:Repository", "aws:lambda/function:Function"),
    }
)
"""What holds data, what callers call, and what either of them lies in."""

GONE = frozenset({"replace", "create-replacement", "delete-replaced", "delete"})


def states() -> list[Path]:
    return sorted(STATES.glob("*/*.json"))


def resources(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return state["deployment"]["resources"]


def make_what_a_preview_reads(run, state: Mapping[str, Any]) -> None:
    """The bucket and the repository of a state, which are looked into before anything is decided."""
    for each in resources(state):
        if each["type"] == "aws:s3/bucket:Bucket":
            location = {"LocationConstraint": run.account.region}
            run.account.client("s3").create_bucket(Bucket=each["id"], CreateBucketConfiguration=location)
        if each["type"] == "aws:ecr/repository:Repository":
            run.account.client("ecr").create_repository(repositoryName=each["id"])


def test_states_are_kept_of_every_shape():
    releases = {path.parent.name for path in states()}
    assert releases
    assert {(path.parent.name, path.stem) for path in states()} == {
        (release, shape) for release in releases for shape in SHAPES
    }


@pytest.mark.parametrize("path", states(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_stack_of_an_earlier_release_keeps_its_data_and_its_address(run, settings, path: Path):
    state = json.loads(path.read_text(encoding="utf-8"))
    make_what_a_preview_reads(run, state)
    run.stack.import_state(state)
    foreseen = succeeded(run.stack.preview({**settings, "deleteModelsOnDestroy": False, **SHAPES[path.stem]}))
    there = {each["type"] for each in resources(state)} & KEPT
    assert {step.pulumi_type for step in foreseen.steps} >= there
    assert [
        (step.operation, step.pulumi_type, step.name)
        for step in foreseen.steps
        if step.pulumi_type in KEPT and step.operation in {*GONE, "create"}
    ] == []
