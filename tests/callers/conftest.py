"""Stacks as callers find them: one for each way to say who may call."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from local.announcement import announced
from local.emulator import CREDENTIALS, REGION
from local.stack import LocalStack, local_stack
from tests.paths import PROJECT

ISSUER = "https://login.example.com"
SETTINGS = {"models": '["iris", "digits"]', "timeoutSeconds": "28", "openHealthChecks": "true"}
TOKENS = {"auth": "jwt", "jwtIssuer": ISSUER, "jwtAudience": '["models"]', "jwtScopes": '["predict"]'}


@pytest.fixture(scope="session")
def stacks(repository) -> Iterator[Mapping[str, LocalStack]]:
    """By what they ask of callers. Other processes find each by the name `callers-NAME`."""
    with ExitStack() as running:
        made = {
            "iam": running.enter_context(local_stack({**SETTINGS, "auth": "iam"})),
            "jwt": running.enter_context(local_stack({**SETTINGS, **TOKENS})),
            "rest": running.enter_context(local_stack({**SETTINGS, "auth": "iam", "api": "rest"})),
        }
        for name, stack in made.items():
            running.enter_context(announced(PROJECT, f"callers-{name}", stack))
        yield made


@pytest.fixture
def environment(stacks: Mapping[str, LocalStack]) -> Mapping[str, str]:
    """What a caller's program finds in its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **CREDENTIALS, "AWS_REGION": REGION, "TOKEN": stacks["jwt"].token()}
