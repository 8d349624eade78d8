"""Deliveries in steps on a living stack, under Pulumi's own engine."""

import time

import pytest

from tests.engine.conftest import succeeded


def set_alarms(run, state: str, *, new_version: bool) -> None:
    """Set the alarms that look at the new version, or those that look at the function as a whole."""
    cloudwatch = run.account.client("cloudwatch")
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        if ("new-version" in alarm["AlarmName"]) == new_version:
            cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue=state, StateReason="a test")


def alias_of(run) -> dict:
    """The alias of the stack's one server."""
    [function] = [each for each in run.account.invocations.functions() if "starter" not in each.name]
    return run.account.client("lambda").get_alias(FunctionName=function.name, Name="live")


def live(run) -> int:
    """The version that the alias stands for."""
    return int(alias_of(run)["FunctionVersion"])


@pytest.fixture
def before(living, of_living) -> int:
    """The version that is live in a stack that delivers in steps, and of which no alarm rings."""
    for new_version in (False, True):
        set_alarms(living, "OK", new_version=new_version)
    settings = {"delivery": "canary10Percent5Minutes", "monitoring": True, "memoryMib": 1024}
    succeeded(living.stack.up({**of_living, **settings}))
    return live(living)


def test_alarms_of_a_live_version_that_fails_let_the_version_through_that_mends_it(living, before):
    set_alarms(living, "ALARM", new_version=False)
    succeeded(living.stack.up({"memoryMib": 2048}))
    assert live(living) == before + 1
    assert succeeded(living.stack.up()).quiet


def test_alarms_look_at_the_next_version_before_its_shift_starts(living, before):
    set_alarms(living, "ALARM", new_version=True)
    steps = succeeded(living.stack.up({"memoryMib": 2048})).steps
    changed = [(step.pulumi_type, step.name.removeprefix("inference-")) for step in steps if step.operation != "same"]
    shift = changed.index(("aws:lambda/invocation:Invocation", "delivery-inference-shift"))
    for kind in ("errors", "latency", "load-failures"):
        assert changed.index(("aws:cloudwatch/metricAlarm:MetricAlarm", f"new-version-{kind}")) < shift
    assert live(living) == before + 1


def test_all_traffic_moves_at_once_where_alarms_ring_and_one_deployment_asks_for_it(living, before):
    set_alarms(living, "ALARM", new_version=True)
    succeeded(living.stack.up({"memoryMib": 2048, "delivery": "allAtOnce"}))
    assert live(living) == before + 1
    succeeded(living.stack.up({"delivery": "canary10Percent5Minutes"}))
    assert live(living) == before + 2  # one that writes the metrics of its version, for the alarms of a shift
    assert succeeded(living.stack.up()).quiet


def test_a_canary_gives_the_new_version_a_share_and_after_its_minutes_all_traffic(living, before, monkeypatch):
    monkeypatch.setattr(living.account, "minute_seconds", 2)
    succeeded(living.stack.up({"memoryMib": 2048}))
    assert live(living) == before
    assert alias_of(living)["RoutingConfig"]["AdditionalVersionWeights"] == {str(before + 1): 0.1}
    deadline = time.monotonic() + 60
    while live(living) == before:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert live(living) == before + 1
    assert not alias_of(living).get("RoutingConfig")
    assert succeeded(living.stack.up()).quiet
