"""A sample of `python -m tests.engine.mishaps`: a stack whose creations fail, and of which somebody deletes things."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.engine.running import EngineRun
from tests.engine.mishaps import FAMILIES, LEAVE_NOTHING, Recovery, delete_some, fail_each_once, stack_of


@pytest.fixture(scope="module")
def recovered(repository: Path) -> Iterator[tuple[EngineRun, Recovery]]:
    """A stack with a file system, in which every type failed at its first creation."""
    with stack_of("efs", repository / "iris") as (run, settings):
        yield run, fail_each_once(run, settings)


@pytest.mark.timeout(600)
def test_types_that_fail_once_at_their_creation_are_made_by_later_updates(recovered: tuple[EngineRun, Recovery]):
    run, recovery = recovered
    assert recovery.problem == ""
    made = {each["type"] for each in run.stack.resources() if each.get("custom")}
    assert {each for each in made if not each.startswith("pulumi:")} == recovery.types
    assert recovery.types > LEAVE_NOTHING


@pytest.mark.timeout(600)
def test_a_bucket_that_somebody_deletes_with_all_its_settings_is_made_again(recovered: tuple[EngineRun, Recovery]):
    run, _ = recovered
    [recovery] = delete_some(run, "the bucket", FAMILIES["the bucket"])
    assert recovery.problem == ""
    assert len(recovery.types) == 9


@pytest.mark.timeout(600)
def test_an_image_repository_that_somebody_deletes_is_made_again_and_a_delivery_moves_the_alias_once(
    recovered: tuple[EngineRun, Recovery],
):
    run, _ = recovered
    [recovery] = delete_some(run, "the image repository", FAMILIES["the image repository"])
    assert recovery.problem == ""
    assert len(recovery.types) == 3
