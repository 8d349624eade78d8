"""The real program under the real engine, in every shape: previews with unknowns, quiet repetitions, clean ends."""

import shutil
from pathlib import Path
from typing import Any, get_args

import pytest

from local.engine.results import Result
from local.publishing import add_version, current_version, publish, versions_of
from local.resources.account import EmulatedAccount
from local.shapes import Mode, Storage
from tests.engine.conftest import succeeded

SAMPLE = (("efs", "single"), ("s3files", "multi"))
"""The shapes with the most types; the tests beside this one deploy the others."""

SHAPES = [
    pytest.param(storage, mode, marks=() if (storage, mode) in SAMPLE else pytest.mark.whole)
    for storage in get_args(Storage)
    for mode in get_args(Mode)
]


def left_over(account: EmulatedAccount) -> dict[str, list[Any]]:
    """What the account holds that it was not born with, by kind."""
    client = account.client
    vpcs = client("ec2").describe_vpcs()["Vpcs"]
    found = {
        "buckets": client("s3").list_buckets()["Buckets"],
        "functions": client("lambda").list_functions()["Functions"],
        "roles": client("iam").list_roles()["Roles"],
        "APIs": client("apigatewayv2").get_apis()["Items"],
        "log groups": client("logs").describe_log_groups()["logGroups"],
        "repositories": client("ecr").describe_repositories()["repositories"],
        "file systems": client("efs").describe_file_systems()["FileSystems"],
        "mounted buckets": client("s3files").list_file_systems()["fileSystems"],
        "VPCs": [vpc for vpc in vpcs if not vpc["IsDefault"]],
        "interfaces": client("ec2").describe_network_interfaces()["NetworkInterfaces"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
    }
    return {kind: entries for kind, entries in found.items() if entries}


def changed(result: Result) -> list[tuple[str, str]]:
    """What an update did with which types, but for what it left as it was."""
    return [(step.operation, step.pulumi_type) for step in succeeded(result).steps if step.operation != "same"]


def another_version(models: Path, directory: Path) -> Path:
    """The model with a further version, in a directory that the program does not read."""
    model = directory / "published" / "iris"
    shutil.copytree(models / "iris", model)
    add_version(model, like=current_version(model), version=versions_of(model)[-1] + 1)
    return model


@pytest.mark.parametrize(("storage", "mode"), SHAPES)
def test_a_stack_is_previewed_made_repeated_refreshed_and_destroyed(run, settings, models, tmp_path, storage, mode):
    shape = {**settings, "storage": storage, "mode": mode}
    preview = succeeded(run.stack.preview(shape))
    made = succeeded(run.stack.up())
    assert preview.changes == made.changes
    assert set(made.changes) == {"create"}
    assert succeeded(run.stack.refresh()).quiet
    assert changed(run.stack.up()) == []
    if storage != "image":  # an image follows the repository here: a deployment brings what is published
        model = another_version(models, tmp_path)
        publish(run.account.client("s3"), made.outputs["bucketName"], model, versions_of(model)[-1])
        assert changed(run.stack.up()) == []
        succeeded(run.stack.refresh())
        assert changed(run.stack.up()) == []
    gone = succeeded(run.stack.destroy())
    assert gone.changes["delete"] == made.changes["create"]
    assert left_over(run.account) == {}
