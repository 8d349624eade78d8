"""A hundred models, and none: what the program registers for many models, and for a stack that publishing fills."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.role_policies import (
    INLINE_CHARACTERS,
    MANAGED_CHARACTERS,
    MOST_POLICIES,
    MOST_REPLACED_POLICIES,
    REPLACED,
)
from policy.invariants import stack_breaches
from tests.packaged import package
from tests.program.test_operations import WATCHED
from tests.program.test_program import FUNCTION, run, serving_functions
from tests.recorder import IMAGE, Recorder

HUNDRED = [f"model-of-a-team-{number:03}" for number in range(100)]
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
FILLABLE = ["s3", "efs", "s3files"]
"""Storages of a stack that is born without models."""


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hundred")
    for model in HUNDRED:
        package(root, model)
    return root


def characters(policy: str) -> int:
    return len("".join(policy.split()))


def assert_policies_fit(recorder: Recorder) -> None:
    """No role has more policies, or longer ones, than IAM allows."""
    for inline in recorder.of("aws:iam/rolePolicy:RolePolicy"):
        assert characters(inline.inputs["policy"]) <= INLINE_CHARACTERS
    for managed in recorder.of("aws:iam/policy:Policy"):
        assert characters(managed.inputs["policy"]) <= MANAGED_CHARACTERS
    roles = [each.inputs["role"] for each in recorder.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")]
    assert all(1 + roles.count(role) <= MOST_POLICIES for role in roles)


def assert_policies_fit_twice(recorder: Recorder) -> None:
    """A function's role has room for its policies and for those that replace them."""
    function = recorder.named("inference-grants")
    assert REPLACED * characters(function.inputs["policy"]) <= INLINE_CHARACTERS
    further = [each for each in recorder.of("aws:iam/policy:Policy") if each.name.startswith("inference-grants-")]
    assert 1 + len(further) <= MOST_REPLACED_POLICIES


def granted_objects(recorder: Recorder) -> set[str]:
    """The objects that some role may read."""
    documents = [
        each.inputs["policy"]
        for each in recorder.registered
        if each.type.startswith("aws:iam/") and "policy" in each.inputs
    ]
    return {
        resource
        for document in documents
        for statement in json.loads(document)["Statement"]
        if "s3:GetObject" in statement["Action"] and "s3:PutObject" not in statement["Action"]
        for resource in statement["Resource"]
    }


@pytest.mark.parametrize("storage", [*FILLABLE, "image"])
def test_one_function_serves_a_hundred_models_by_one_grant(hundred: Path, storage: str):
    recorder = run(hundred, storage=storage, mode="multi", monitoring=True)
    assert stack_breaches(recorder.registered) == []
    assert_policies_fit(recorder)
    assert not recorder.of("aws:iam/policy:Policy")
    assert granted_objects(recorder) <= {"arn:aws:s3:::inference-models-1234567/models/*"}


@pytest.mark.parametrize("storage", ["s3", "efs", "s3files"])
def test_a_hundred_named_models_are_granted_by_as_many_policies_as_it_takes(hundred: Path, storage: str):
    recorder = run(hundred, storage=storage, mode="multi", models=HUNDRED, imageUri=IMAGE)
    assert stack_breaches(recorder.registered) == []
    assert_policies_fit(recorder)
    assert recorder.of("aws:iam/policy:Policy")
    assert_policies_fit_twice(recorder)
    bucket = "arn:aws:s3:::inference-models-1234567"
    assert granted_objects(recorder) == {f"{bucket}/models/{model}/*" for model in HUNDRED}


def test_a_delivery_of_fifty_functions_is_granted_by_as_many_policies_as_it_takes(hundred: Path):
    recorder = run(hundred, mode="single", models=HUNDRED[:50], imageUri=IMAGE, **WATCHED)
    assert stack_breaches(recorder.registered) == []
    assert_policies_fit(recorder)
    assert len(recorder.of("aws:iam/policy:Policy")) >= 2


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "single"},
        {"mode": "single", "storage": "efs", **WATCHED},
        {"mode": "single", "api": "rest"},
        {"mode": "multi", "storage": "efs", "monitoring": True},
        {"mode": "multi", "storage": "s3files"},
    ],
    ids=str,
)
def test_what_the_engine_is_told_to_wait_for_grows_with_the_number_of_models_and_no_faster(
    hundred: Path, values: dict[str, Any]
):
    def dependencies(models: int) -> int:
        """How many there are, without those of and on a role's policies: no role has more than `MOST_POLICIES`."""
        recorder = run(hundred, models=HUNDRED[:models], imageUri=IMAGE, **values)
        others = [each for each in recorder.registered if not each.type.startswith("aws:iam/")]
        return sum("aws:iam/" not in urn for each in others for urn in each.dependencies)

    ten, twenty, forty = dependencies(10), dependencies(20), dependencies(40)
    assert forty - twenty <= 2 * (twenty - ten)


@pytest.mark.parametrize("storage", FILLABLE)
def test_a_stack_without_models_has_everything_but_models(tmp_path: Path, storage: str):
    recorder = run(tmp_path / "absent", seedModels=False, storage=storage, monitoring=True)
    assert stack_breaches(recorder.registered) == []
    assert not [each for each in recorder.of(OBJECT) if each.inputs["key"].startswith("models/")]
    (serving,) = serving_functions(recorder)
    assert "MODEL_NAMES" not in serving.inputs["environment"]["variables"]
    assert granted_objects(recorder) == {"arn:aws:s3:::inference-models-1234567/models/*"}
    assert recorder.exports["models"] == []
    assert recorder.exports["apiUrl"].startswith("https://")


@pytest.mark.parametrize("storage", FILLABLE)
def test_models_that_are_named_and_not_seeded_are_awaited(tmp_path: Path, storage: str):
    def variables(**values: object) -> dict[str, str]:
        (serving,) = serving_functions(run(root, storage=storage, models=["iris"], **values))
        return serving.inputs["environment"]["variables"]

    root = package(tmp_path, "iris")
    assert variables(seedModels=False)["MODELS_AWAITED"] == "true"
    assert "MODELS_AWAITED" not in variables()


def test_a_stack_without_models_has_the_same_address_as_one_that_is_seeded(tmp_path: Path):
    for model in ("iris", "wine"):
        package(tmp_path / "models", model)
    seeded = run(tmp_path / "models", imageUri=IMAGE)
    empty = run(tmp_path / "absent", seedModels=False, imageUri=IMAGE)
    further = {each.urn for each in seeded.registered} - {each.urn for each in empty.registered}
    assert further == {each.urn for each in seeded.of(OBJECT) if each.inputs["key"].startswith("models/")}
    assert empty.one(FUNCTION).inputs == seeded.one(FUNCTION).inputs


@pytest.mark.parametrize("storage", ["efs", "s3files"])
def test_what_reads_an_empty_bucket_waits_until_it_is_safe(tmp_path: Path, storage: str):
    recorder = run(tmp_path / "absent", seedModels=False, storage=storage)
    reader = recorder.one(
        "aws:lambda/invocation:Invocation" if storage == "efs" else "aws:s3/filesFileSystem:FilesFileSystem"
    )
    assert recorder.one("aws:s3/bucketVersioning:BucketVersioning").urn in recorder.waits_for(reader)
