"""The local stack's parts, started for real."""

import threading
from collections.abc import Callable, Iterator

import pytest

from local.emulator import Emulator
from local.functions import Function
from local.guard import Guard
from local.invocations import Invocations
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
