"""What holds only after a while on AWS, under Pulumi's own engine."""

import pytest

from local.publishing import add_version, point
from tests.engine.conftest import succeeded


@pytest.fixture
def mounted(run, settings) -> dict[str, object]:
    """A stack whose models are on EFS."""
    return {**settings, "storage": "efs"}


def test_the_first_sync_waits_for_the_names_of_the_mount_targets(run, mounted):
    run.account.file_systems.name_seconds = 6
    assert succeeded(run.stack.up(mounted)).outputs["apiUrl"]
    assert succeeded(run.stack.up()).quiet


def test_a_sync_function_that_was_idle_for_weeks_is_called_again(run, mounted, models):
    succeeded(run.stack.up(mounted))
    [sync] = [each.name for each in run.account.invocations.functions() if "sync" in each.name]
    run.account.inactive.add(sync)
    add_version(models / "iris", 1, 7)
    point(models / "iris", 7)
    succeeded(run.stack.up())
    assert run.account.inactive == set()
