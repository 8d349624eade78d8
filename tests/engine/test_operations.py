"""docs/operations.md: each section's commands, typed on a living stack under Pulumi's own engine."""

import shutil

import pytest

from local.api_client import ApiClient
from local.publishing import add_version, point
from local.surroundings import make_key
from tests.engine.conftest import succeeded
from tests.engine.named_commands import faults, named
from tests.engine.operator import Operator, sections, variables_of
from tests.engine.test_shapes import left_over
from tests.engine.test_truth import answering
from tests.paths import PROJECT

PAGE = PROJECT / "docs" / "operations.md"


@pytest.mark.parametrize("command", [*named(PAGE)])
def test_every_command_that_the_page_names_is_one_of_its_tool(command):
    assert faults(command) == []


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("pulumi fly", "pulumi has no command fly"),
        ("pulumi refresh --clear-everything", "--clear-everything"),
        ("pulumi config set memoryMb 2048", "there is no setting memoryMb"),
        ("pulumi config set delivery sometimes", "delivery: "),
        ("aws lambda fly", "lambda has no operation fly"),
        ("aws lambda update-alias --weights 1", "lambda update-alias has no option --weights"),
        ("aws lambda update-alias --routing-config Weights={}", "AliasRoutingConfiguration has no Weights"),
        ("python -m ops orphan", "invalid choice: 'orphan'"),
        ("python -m ops find", "the following arguments are required"),
    ],
)
def test_a_command_that_a_tool_does_not_know_is_found(command, fault):
    [found] = faults(command)
    assert fault in found


@pytest.mark.timeout(900)
def test_an_operator_can_type_every_command_of_the_page_in_its_order(run, settings, models, tmp_path):
    iris = models / "iris"
    shutil.rmtree(iris / "2", ignore_errors=True)
    point(iris, 1)
    made = succeeded(run.stack.up({**settings, "deleteModelsOnDestroy": False}))
    other = "of-another-team"
    location = {"LocationConstraint": run.account.region}
    run.account.client("s3").create_bucket(Bucket=other, CreateBucketConfiguration=location)
    shutil.copy(iris / "current.json", tmp_path / "previous.json")
    shutil.copytree(models, tmp_path / "build" / "repository")
    add_version(tmp_path / "build" / "repository" / "iris", 1, 2)
    point(tmp_path / "build" / "repository" / "iris", 2)
    variables = {
        **variables_of(PAGE, made.outputs),
        "OTHER": other,
        "KEY": make_key(run.account),
    }
    operator = Operator(run, tmp_path, variables)

    for heading, commands in sections(PAGE):
        assert commands, heading
        results = [result for result in map(operator.types, commands) if result is not None]
        if heading == "Take the stack apart":
            break
        with ApiClient(made.outputs["apiUrl"]) as client:
            assert client.request("GET", "/v1/models/iris")[0] == 200, heading
        assert not results or succeeded(run.stack.up()).quiet, heading
    assert {kind: [each["Name"] for each in entries] for kind, entries in left_over(run.account).items()} == {
        "buckets": [other]
    }


@pytest.mark.timeout(300)
def test_a_stack_that_is_taken_apart_can_leave_its_bucket_to_the_next_stack_of_its_name(run, settings, tmp_path):
    made = succeeded(run.stack.up({**settings, "deleteModelsOnDestroy": False}))
    bucket, answered = made.outputs["bucketName"], answering(made)
    refused = run.stack.destroy()
    assert not refused.succeeded
    assert refused.operation == "preview_destroy"
    assert any("protect" in error for error in refused.errors)
    assert succeeded(run.stack.refresh()).changes["same"] == made.changes["create"]
    operator = Operator(run, tmp_path, {"BUCKET": bucket})
    for command in dict(sections(PAGE))["Take the stack apart and keep its bucket"]:
        operator.types(command)
    assert {kind: [each["Name"] for each in entries] for kind, entries in left_over(run.account).items()} == {
        "buckets": [bucket]
    }
    again = succeeded(run.stack.up({**settings, "modelBucket": bucket, "seedModels": False}))
    assert answering(again) == answered
