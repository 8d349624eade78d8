"""What AWS refuses for a while is tried again, and what cannot be retried is explained."""

import logging

import pulumi
import pulumi_aws as aws
import pytest

from components import retries
from components.retries import NOT_MOUNTED, explained, until_it_holds
from tests.recorder import Recorder, deploy, refuse_resources

CALL = "aws:lambda/invocation:Invocation"
LATE = "operation error Lambda: Invoke, https response error StatusCode: 408, EFSMountConnectivityException: no route"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How AWS fails the next calls of a function, one after the other; then it answers."""
    answers: list[str] = []
    refuse_resources(monkeypatch, lambda asked: answers.pop(0) if asked.typ == CALL and answers else None)
    monkeypatch.setattr(retries, "PAUSES_SECONDS", (0, 0, 0))
    return answers


def call(hooks: str) -> Recorder:
    def program() -> None:
        binding = until_it_holds("sync", NOT_MOUNTED) if hooks == "retried" else explained("sync", {"408": "Wait."})
        aws.lambda_.Invocation("sync", function_name="f", input="{}", opts=pulumi.ResourceOptions(hooks=binding))

    return deploy(program)


def test_what_is_only_late_is_tried_until_it_holds(answers: list[str]):
    answers += [LATE] * 3
    assert call("retried").one(CALL)
    assert answers == []


def test_what_does_not_hold_in_the_end_fails(answers: list[str]):
    answers += [LATE] * 4
    with pytest.raises(Exception, match="EFSMountConnectivityException"):
        call("retried")


def test_another_failure_is_not_tried_again(answers: list[str]):
    answers += ["ResourceNotFoundException: no such function", LATE]
    with pytest.raises(Exception, match="no such function"):
        call("retried")
    assert answers == [LATE]


def test_a_failure_is_explained_and_not_tried_again(answers: list[str], caplog: pytest.LogCaptureFixture):
    answers += [LATE, LATE]
    with caplog.at_level(logging.ERROR), pytest.raises(Exception, match="StatusCode: 408"):
        call("explained")
    assert "Wait." in caplog.text
    assert answers == [LATE]
