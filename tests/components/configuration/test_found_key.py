"""What is said of a key that was there before the stack."""

from typing import Any

import pytest

from components.configuration.rules.found_key import ADVISED, FoundKey

ARN = "arn:aws:kms:eu-central-1:123456789012:key/0a"
ROOT = "arn:aws:iam::123456789012:root"
LOGS = "logs.eu-central-1.amazonaws.com"


def allow(principal: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}


def said(*statements: dict[str, Any]) -> list[str]:
    key = FoundKey(arn=ARN, policy={"Version": "2012-10-17", "Statement": list(statements)})
    return [str(problem) for rule in ADVISED for problem in rule(key)]


@pytest.mark.parametrize(
    "statements",
    [
        [allow({"AWS": ROOT}), allow({"Service": LOGS})],
        [allow({"AWS": ["123456789012"], "Service": ["s3.amazonaws.com", LOGS]})],
        [allow({"AWS": "*"}), allow({"Service": "logs.amazonaws.com"})],
        [allow("*")],
    ],
)
def test_nothing_is_said_of_a_key_that_lets_logs_and_the_account_use_it(statements: list[dict[str, Any]]):
    assert said(*statements) == []


@pytest.mark.parametrize(
    "principal", [{"AWS": ROOT}, {"AWS": "*"}, {"AWS": ROOT, "Service": "logs.eu-west-1.amazonaws.com"}]
)
def test_advice_is_given_on_a_key_that_logs_may_not_use(principal: dict[str, str]):
    [problem] = said(allow(principal))
    assert problem.startswith(f"kmsKeyArn: the policy of {ARN} does not let {LOGS} use the key")
    assert f"`aws kms put-key-policy --key-id {ARN} --policy file://policy.json`" in problem


def test_a_denial_lets_nobody_use_a_key():
    assert len(said(allow({"AWS": ROOT}), {**allow({"Service": LOGS}), "Effect": "Deny"})) == 1


def test_advice_is_given_on_a_key_for_which_grants_of_iam_have_no_effect():
    [problem] = said(allow({"Service": LOGS}), allow({"AWS": "arn:aws:iam::123456789012:role/admin"}))
    assert problem.startswith(f"kmsKeyArn: the policy of {ARN} does not allow the account {ROOT}")


def test_a_policy_of_one_statement_that_is_no_list_is_read():
    key = FoundKey(arn=ARN, policy={"Statement": allow({"AWS": ROOT, "Service": LOGS})})
    assert [problem for rule in ADVISED for problem in rule(key)] == []
