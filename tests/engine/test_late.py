"""What holds only after a while on AWS, under Pulumi's own engine."""

from local.publishing import add_version, point
from tests.engine.conftest import succeeded


def test_an_efs_stack_waits_for_permissions_for_the_names_of_mount_targets_and_for_a_function_that_was_idle(
    run, settings, models
):
    run.account.file_systems.name_seconds = 6
    run.account.bucket_events.seen_seconds = 6
    assert succeeded(run.stack.up({**settings, "storage": "efs"})).outputs["apiUrl"]
    assert succeeded(run.stack.up()).quiet

    [sync] = [each.name for each in run.account.invocations.functions() if "sync" in each.name]
    run.account.inactive.add(sync)
    add_version(models / "iris", 1, 7)
    point(models / "iris", 7)
    succeeded(run.stack.up())
    assert run.account.inactive == set()
