"""Old versions of functions with snapshots, under Pulumi's own engine."""

from tests.engine.conftest import succeeded


def versions(run) -> set[str]:
    """The versions of the stack's one server."""
    [function] = [each for each in run.account.invocations.functions() if "versions" not in each.name]
    listed = run.account.client("lambda").list_versions_by_function(FunctionName=function.name)["Versions"]
    return {each["Version"] for each in listed} - {"$LATEST"}


def test_versions_that_no_alias_needs_are_deleted_but_for_as_many_as_are_kept(run, settings):
    succeeded(run.stack.up({**settings, "snapStart": True, "keptVersions": 2}))
    for memory in (1024, 1280, 1536, 2048):
        succeeded(run.stack.up({"memoryMib": memory}))
    assert versions(run) == {"3", "4", "5"}
    succeeded(run.stack.up({"keptVersions": 1}))
    assert versions(run) == {"4", "5"}
    assert succeeded(run.stack.up()).quiet
