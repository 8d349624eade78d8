"""Deliveries in steps on a living stack, under Pulumi's own engine."""

from typing import Any

import pytest

from tests.engine.conftest import succeeded


@pytest.fixture
def delivered(settings) -> dict[str, Any]:
    return {**settings, "delivery": "canary10Percent5Minutes", "monitoring": True}


def ring(run, *, new_version: bool) -> None:
    """Let the alarms ring that look at the new version, or those that look at the function as a whole."""
    cloudwatch = run.account.client("cloudwatch")
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        if ("new-version" in alarm["AlarmName"]) == new_version:
            cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="a test")


def live(run) -> str:
    """The version that the alias of the stack's one server stands for."""
    [function] = [each for each in run.account.invocations.functions() if "starter" not in each.name]
    return run.account.client("lambda").get_alias(FunctionName=function.name, Name="live")["FunctionVersion"]


def test_alarms_of_a_live_version_that_fails_let_the_version_through_that_mends_it(run, delivered):
    succeeded(run.stack.up(delivered))
    ring(run, new_version=False)
    succeeded(run.stack.up({"memoryMib": 2048}))
    assert live(run) == "2"
    assert succeeded(run.stack.up()).quiet


def test_alarms_look_at_the_next_version_before_its_shift_starts(run, delivered):
    succeeded(run.stack.up(delivered))
    ring(run, new_version=True)
    steps = succeeded(run.stack.up({"memoryMib": 2048})).steps
    changed = [(step.pulumi_type, step.name.removeprefix("inference-")) for step in steps if step.operation != "same"]
    shift = changed.index(("aws:lambda/invocation:Invocation", "delivery-inference-shift"))
    for kind in ("errors", "latency", "load-failures"):
        assert changed.index(("aws:cloudwatch/metricAlarm:MetricAlarm", f"new-version-{kind}")) < shift
    assert live(run) == "2"


def test_all_traffic_moves_at_once_where_alarms_ring_and_one_deployment_asks_for_it(run, delivered):
    succeeded(run.stack.up(delivered))
    ring(run, new_version=True)
    succeeded(run.stack.up({"memoryMib": 2048, "delivery": "allAtOnce"}))
    assert live(run) == "2"
    succeeded(run.stack.up({"delivery": "canary10Percent5Minutes"}))
    assert live(run) == "3"  # one that writes the metrics of its version, for the alarms of a shift
    assert succeeded(run.stack.up()).quiet
