"""What a change of a living stack costs is said at its preview, under Pulumi's own engine."""

from tests.engine.conftest import succeeded


def told(result) -> list[str]:
    """The keys of what a preview or an update says of the change."""
    advice = ("auth", "syncReservedConcurrency")  # said of the configuration, at every preview
    return sorted({line.partition(": ")[0] for line in result.warnings} - {*advice})


def test_a_preview_says_what_a_change_of_address_and_of_the_models_costs(run, settings):
    assert told(succeeded(run.stack.up(settings))) == []
    preview = succeeded(run.stack.preview({"api": "rest"}))
    assert "api" in told(preview)
    assert any("the rest API has another address" in line for line in preview.warnings)
    succeeded(run.stack.up())
    assert not any("another address" in line for line in succeeded(run.stack.preview()).warnings)


def test_a_change_that_takes_two_updates_is_refused_before_a_function_changes_and_both_steps_pass(run, settings):
    succeeded(run.stack.up({**settings, "provisionedConcurrency": 2}))
    refused = run.stack.up({"provisionedConcurrency": 0, "snapStart": True})
    assert not refused.succeeded
    assert any(
        "snapStart, provisionedConcurrency: environments are still kept ready" in each for each in refused.errors
    )
    assert not [step for step in refused.steps if step.pulumi_type.startswith("aws:lambda/f")]
    assert not run.stack.preview().succeeded
    succeeded(run.stack.up({"provisionedConcurrency": 0, "snapStart": False}))
    succeeded(run.stack.up({"snapStart": True}))
    assert succeeded(run.stack.up()).quiet


def test_limits_that_two_settings_share_are_raised_in_one_update_and_lowered_in_two(run, settings):
    low, high = (
        {"reservedConcurrency": 3, "provisionedConcurrency": 2},
        {"reservedConcurrency": 9, "provisionedConcurrency": 8},
    )
    succeeded(run.stack.up({**settings, **low}))
    succeeded(run.stack.up(high))
    refused = run.stack.up(low)
    assert any("reservedConcurrency, provisionedConcurrency: " in each for each in refused.errors)
    assert not [step for step in refused.steps if step.pulumi_type.startswith("aws:lambda/") and step.changed]
    succeeded(run.stack.up({**high, "provisionedConcurrency": 2}))
    succeeded(run.stack.up(low))
    assert succeeded(run.stack.up()).quiet
