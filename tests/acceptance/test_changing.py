"""What the acceptance kit holds of an update under callers, and of one that fails on purpose."""

import time
from collections import Counter
from functools import partial
from typing import Any

import pytest

from acceptance import changing
from acceptance.changing import fail, switch
from acceptance.checks import Deployed, NotHeldError
from acceptance.targets import Target
from clients.signing import Signer
from local.engine.results import Result

ALARM = "inference-new-version-errors-1a2b"
REFUSAL = f"version 2 gets no traffic: {ALARM}. Deploy once with `pulumi config set delivery allAtOnce`."
SETTINGS = {"memoryMib": 2048}


class Account:
    """A stack with one function, and the services of AWS that it is in. An update publishes a version; the alias moves
    to it unless an alarm rings."""

    def __init__(self) -> None:
        self.live, self.newest, self.sharing = 1, 1, dict[str, float]()
        self.states: list[str] = []
        self.alarms = [ALARM]
        self.refusal, self.refuses, self.moves, self.shifts = REFUSAL, True, False, True
        self.statuses: Counter[int] = Counter()
        self.status = 200

    def client(self, service: str) -> "Account":
        return self

    def resources(self) -> list[Any]:
        named = [*self.alarms, "inference-errors-3c4d"]
        return [{"type": "pulumi:pulumi:Stack"}, *({"outputs": {"name": name}} for name in named)]

    def up(self, settings: Any) -> Result:
        self.newest += 1 if settings else 0
        while not self.statuses:  # a caller calls during every update
            time.sleep(0.001)
        refused = self.refuses and self.states[-1:] == ["ALARM"]
        if self.shifts and (self.moves or not refused):
            self.live = self.newest
        return _result(self.refusal if refused else None)

    def set_alarm_state(self, **asked: str) -> None:
        assert asked["AlarmName"] == ALARM
        self.states.append(asked["StateValue"])

    def get_alias(self, **asked: str) -> Any:
        assert asked == {"FunctionName": "inference", "Name": "live"}
        return {"FunctionVersion": str(self.live), "RoutingConfig": {"AdditionalVersionWeights": self.sharing}}

    def get_paginator(self, operation: str) -> "Account":
        return self

    def paginate(self, **asked: str) -> list[Any]:
        return [{"Versions": [{"Version": version} for version in ("$LATEST", *map(str, range(1, self.newest + 1)))]}]


def _result(error: str | None) -> Result:
    return Result(
        operation="up",
        succeeded=error is None,
        seconds=1,
        changes={},
        steps=(),
        errors=(error,) if error else (),
        outputs={"functionNames": {"iris": "inference"}},
    )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(changing, "PACE_SECONDS", 0.001)
    monkeypatch.setattr(changing, "RING_SECONDS", 0.001)
    monkeypatch.setattr(changing, "SHIFT_SECONDS", 0)
    monkeypatch.setattr(changing, "answers", lambda stack: None)
    return Account()


@pytest.fixture
def stack(account: Account, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    def predict(self: Deployed) -> tuple[int, bytes]:
        account.statuses[account.status] += 1
        return account.status, b""

    monkeypatch.setattr(Deployed, "predict", predict)
    whole: Any = account
    target = Target(
        name="r",
        stack=whole,
        client=account.client,
        settings={},
        address=str,
        host=str,
        signer=partial(Signer, "r"),
        emulated=False,
    )
    held_out: Any = None
    return Deployed(target=target, held_out=held_out, model=held_out, outputs=_result(None).outputs)


def test_an_update_that_fails_by_its_alarms_holds_and_the_next_one_brings_its_version(account, stack):
    fail(stack, SETTINGS)
    assert (account.live, account.newest) == (2, 2)
    assert account.states[0] == "ALARM"
    assert account.states[-1] == "OK"
    assert account.states.count("OK") == 1


def test_alarms_are_set_again_and_again_and_end_when_the_update_raises(account, stack, monkeypatch):
    def interrupted(self: Account, settings: Any) -> Result:
        while self.states.count("ALARM") < 3:
            time.sleep(0.001)
        raise KeyboardInterrupt

    monkeypatch.setattr(Account, "up", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fail(stack, SETTINGS)
    assert account.states[-1] == "OK"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"alarms": []}, "no alarm of the stack watches a new version"),
        ({"refuses": False}, "the update succeeded, though"),
        ({"refusal": "a shift failed"}, "names no alarm: a shift failed"),
        ({"refusal": f"{ALARM} rings"}, "does not say what to do"),
        ({"moves": True}, "'2'} is live after the update failed, and was {'inference': '1'}"),
        ({"status": 503}, "requests failed while it was changed: 503"),
    ],
)
def test_what_does_not_hold_of_an_update_that_fails_is_told(account, stack, wrong: dict[str, Any], told: str):
    for name, value in wrong.items():
        setattr(account, name, value)
    with pytest.raises(NotHeldError, match=told):
        fail(stack, SETTINGS)


def test_an_update_is_over_when_its_version_has_all_traffic(account, stack):
    switch(stack, SETTINGS)
    account.shifts, account.sharing = False, {"3": 0.1}
    with pytest.raises(NotHeldError, match=r"'2 and 3'} is live after 0 s, and not {'inference': '3'}"):
        switch(stack, SETTINGS)


def test_a_caller_who_gets_no_answer_is_told_of(account, stack, monkeypatch):
    def unreachable(self: Deployed) -> tuple[int, bytes]:
        account.statuses[0] += 1
        raise ConnectionError("no route")

    monkeypatch.setattr(Deployed, "predict", unreachable)
    with pytest.raises(NotHeldError, match=r"requests failed while it was changed: no answer \(no route\)"):
        switch(stack, {})
