"""Changes of a living stack under a caller: updates that must succeed, and one whose new version fails on purpose."""

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from acceptance.checks import Deployed, answers, require

PACE_SECONDS = 0.2
"""Between the requests of a caller."""

RING_SECONDS = 1.0
"""How often alarms are set: CloudWatch evaluates each once a minute, which ends the state that was set."""

SHIFT_SECONDS = 900
"""How long a shift of `canary10Percent5Minutes` may take, with the time in which CodeDeploy starts and ends it."""

OF_A_NEW_VERSION = "-new-version-"
"""Part of the name of each alarm that stops a shift."""

ALIAS = "live"
"""The alias of a function that the API asks."""


def switch(stack: Deployed, settings: Mapping[str, Any]) -> None:
    """Update the stack while a caller calls, until the new version has all traffic.

    Raises NotHeldError if the update or a request failed, or the new version has not got all traffic.
    """
    with _called(stack):
        result = stack.target.stack.up(settings)
        require(result.succeeded, "; ".join(result.errors))
        stack.outputs = result.outputs
        _await_shift(stack)


def fail(stack: Deployed, settings: Mapping[str, Any]) -> None:
    """Update the stack while a caller calls and the alarms of the new version ring; then once more without alarms.

    Raises NotHeldError unless the first update is refused with what to do, the version that was live stays so, the
    second update succeeds, and every request is answered.
    """
    before = _live(stack)
    alarms = _alarms_of_new_versions(stack)
    require(bool(alarms), "no alarm of the stack watches a new version")
    with _called(stack), _ringing(stack, alarms):
        result = stack.target.stack.up(settings)
    require(not result.succeeded, "the update succeeded, though the alarms of its version rang")
    said = "\n".join(result.errors)
    require(any(alarm in said for alarm in alarms), f"the error names no alarm: {said}")
    require("pulumi config set delivery allAtOnce" in said, f"the error does not say what to do: {said}")
    require(_live(stack) == before, f"{_live(stack)} is live after the update failed, and was {before} before it")
    answers(stack)
    switch(stack, {})


@contextmanager
def _called(stack: Deployed) -> Generator[None]:
    """Call the stack. Raises NotHeldError at the end if a request failed, unless something else was raised."""
    failed: list[str] = []

    def call() -> None:
        try:
            status, _ = stack.predict()
        except OSError as error:
            failed.append(f"no answer ({error})")
        else:
            failed.extend([str(status)] if status != 200 else [])

    with _repeated(call, PACE_SECONDS):
        yield
    require(not failed, f"{len(failed)} requests failed while it was changed: {', '.join(sorted(set(failed)))}")


@contextmanager
def _ringing(stack: Deployed, alarms: Sequence[str]) -> Generator[None]:
    """Let alarms ring, and end them afterwards."""
    cloudwatch = stack.target.client("cloudwatch")

    def put(state: str) -> None:
        for alarm in alarms:
            cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="the acceptance kit")

    put("ALARM")
    try:
        with _repeated(lambda: put("ALARM"), RING_SECONDS):
            yield
    finally:
        put("OK")


@contextmanager
def _repeated(act: Callable[[], None], pause: float) -> Generator[None]:
    """Do something again and again in a thread. Raises at the end what it raised, unless something else was raised."""
    ended, raised = threading.Event(), list[Exception]()

    def repeat() -> None:
        while not ended.wait(pause):
            try:
                act()
            except Exception as error:  # told at the end, in the thread that waits for it
                raised.append(error)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if raised:
        raise raised[0]


def _await_shift(stack: Deployed) -> None:
    """Wait until the newest version of each function has all traffic."""
    deadline = time.monotonic() + SHIFT_SECONDS
    newest = _newest(stack)
    while (live := _live(stack)) != newest:
        require(time.monotonic() < deadline, f"{live} is live after {SHIFT_SECONDS} s, and not {newest}")
        time.sleep(1)


def _live(stack: Deployed) -> Mapping[str, str]:
    """By function: the version that has all traffic, or the versions that share it."""
    lambda_ = stack.target.client("lambda")
    found: dict[str, str] = {}
    for function in stack.outputs["functionNames"].values():
        alias = lambda_.get_alias(FunctionName=function, Name=ALIAS)
        sharing = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        found[function] = " and ".join([alias["FunctionVersion"], *sharing])
    return found


def _newest(stack: Deployed) -> Mapping[str, str]:
    """The newest version of each function."""
    pages = stack.target.client("lambda").get_paginator("list_versions_by_function")
    found: dict[str, str] = {}
    for function in stack.outputs["functionNames"].values():
        versions = [each["Version"] for page in pages.paginate(FunctionName=function) for each in page["Versions"]]
        found[function] = max((each for each in versions if each.isdecimal()), key=int)
    return found


def _alarms_of_new_versions(stack: Deployed) -> Sequence[str]:
    names = [str((each.get("outputs") or {}).get("name", "")) for each in stack.target.stack.resources()]
    return [name for name in names if OF_A_NEW_VERSION in name]
