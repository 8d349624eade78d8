"""Stacks as callers find them: one for each way to say who may call."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from local.announcement import announced
from local.stack import LocalStack, local_stack
from tests.paths import PROJECT

ISSUER = "https://login.example.com"
SETTINGS = {"models": '["iris", "digits"]', "timeoutSeconds": "28", "openHealthChecks": "true"}
TOKENS = {"auth": "jwt", "jwtIssuer": ISSUER, "jwtAudience": '["models"]', "jwtScopes": '["predict"]'}


ASKED: Mapping[str, Mapping[str, str]] = {
    "iam": {"auth": "iam"},
    "jwt": TOKENS,
    "rest": {"auth": "iam", "api": "rest"},
    "url": {"auth": "iam", "api": "url", "models": '["iris"]', "openHealthChecks": "false"},
}
"""What stacks ask of callers, by the name that tests give them."""


class Stacks(Mapping[str, LocalStack]):
    """A stack for each of `ASKED`, which starts when it is first used. Other processes find it as `callers-NAME`."""

    def __init__(self, running: ExitStack) -> None:
        self._running, self._made = running, dict[str, LocalStack]()

    def __getitem__(self, name: str) -> LocalStack:
        if name not in self._made:
            self._made[name] = self._running.enter_context(local_stack({**SETTINGS, **ASKED[name]}))
            self._running.enter_context(announced(PROJECT, f"callers-{name}", self._made[name]))
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(ASKED)

    def __len__(self) -> int:
        return len(ASKED)


@pytest.fixture(scope="session")
def stacks(repository) -> Iterator[Stacks]:
    with ExitStack() as running:
        yield Stacks(running)
