"""The local stack's parts, started for real."""

import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.deployment import Deployment, deploy
from local.emulator import Emulator
from local.functions import Function
from local.guard import Guard
from local.invocations import Invocations
from local.invoke_api import InvokeApi
from local.resources.account import EmulatedAccount
from local.workers import ProcessWorkers
from tests.paths import PROJECT


@pytest.fixture(autouse=True)
def no_thread_fails(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An exception in a thread of the stack fails the test."""
    failures: list[BaseException] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failures.append(args.exc_value))
    yield
    assert failures == []


@pytest.fixture
def guard() -> Iterator[Guard]:
    with Guard() as guard:
        yield guard


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Guard() as guard, Emulator(guard) as emulator:
        yield emulator


@pytest.fixture
def invocations(guard: Guard) -> Iterator[Invocations]:
    workers = ProcessWorkers(guard, PROJECT, "http://127.0.0.1:9")
    invocations = Invocations(workers, guard.directory("tensorflow-lambda-test-"), concurrency=6)
    yield invocations
    invocations.stop()


Register = Callable[..., Function]


@pytest.fixture
def register(invocations: Invocations) -> Register:
    """Register a function of `tests/local/functions` by its module's name."""

    def register(module: str, **more: object) -> Function:
        function = Function(
            name=module,
            arn=f"arn:aws:lambda:eu-central-1:000000000000:function:{module}",
            handler=f"tests.local.functions.{module}.handler",
            **{"timeout_seconds": 30, "memory_mib": 256, **more},
        )
        invocations.register(function)
        return function

    return register


Deploy = Callable[..., Deployment]


@pytest.fixture
def deploy_program(guard: Guard, emulator: Emulator, invocations: Invocations, tmp_path: Path) -> Iterator[Deploy]:
    """Deploy the source of a program into the emulated AWS."""
    invoke_api = InvokeApi(invocations)

    def deploy_program(source: str, **overrides: str) -> Deployment:
        (tmp_path / "Pulumi.yaml").write_text("name: house\nruntime: python\n")
        (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  house:colour: white\n")
        (tmp_path / "__main__.py").write_text(textwrap.dedent(source))
        return deploy(EmulatedAccount(guard, emulator, invocations, invoke_api, tmp_path), "dev", overrides)

    yield deploy_program
    invoke_api.stop()
