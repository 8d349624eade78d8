"""The program as the engine runs it: what it says when it fails, and that it ends with its engine."""

import asyncio
import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.automation import _stack  # pyright: ignore[reportPrivateUsage] what the SDK makes for each operation
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, resource_pb2, resource_pb2_grpc

from local.engine.program import Program

SLOW_SECONDS = 5.0
"""For which the engine registers a resource whose name is `slow`."""

LONGEST = 60.0
"""Seconds for which a test waits for the program at most."""

WAITS = 'import pulumi\npulumi.CustomResource("a:b:C", "slow", {})\n'
FAILS = WAITS + 'pulumi.CustomResource("a:b:C", "quick", {}).id.apply(lambda id: {}[id])\n'


class Engine(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """As much of an engine as a program needs."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, str]] = []
        """The errors that it shows, and when it was told."""
        self.begun = threading.Event()
        """Set once it registers what is slow."""

    def SupportsFeature(self, request: Any, context: Any) -> Any:  # noqa: N802 gRPC's name
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in ("secrets", "resourceReferences"))

    def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: N802 gRPC's name
        if request.name == "slow":
            self.begun.set()
            time.sleep(SLOW_SECONDS)
        return resource_pb2.RegisterResourceResponse(urn=f"urn:pulumi:s::p::{request.type}::{request.name}", id="1")

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: N802 gRPC's name
        return empty_pb2.Empty()

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802 gRPC's name
        if request.severity == engine_pb2.ERROR:
            self.messages.append((time.monotonic(), request.message))
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:  # noqa: N802 gRPC's name
        return engine_pb2.GetRootResourceResponse()

    def SetRootResource(self, request: Any, context: Any) -> Any:  # noqa: N802 gRPC's name
        return engine_pb2.SetRootResourceResponse()


class Run:
    """An engine, and what runs a program for it."""

    def __init__(self, directory: Path) -> None:
        self.engine, self.program, self._directory = Engine(), Program(directory), directory
        self.server = grpc.server(ThreadPoolExecutor(8))
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self.engine, self.server)
        engine_pb2_grpc.add_EngineServicer_to_server(self.engine, self.server)
        self._address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def __call__(self, source: str) -> str:
        """Run a program; what the language host answers."""
        (self._directory / "__main__.py").write_text(source)
        request = language_pb2.RunRequest(
            project="p", stack="s", program=".", monitor_address=self._address, args=[self._address], parallel=4
        )
        return _stack.LanguageServer(self.program).Run(request, None).error  # pyright: ignore[reportPrivateImportUsage]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.server.stop(0)


def test_a_program_whose_engine_goes_ends_with_all_that_it_began(run: Run) -> None:
    before = _open_loops()
    gone = threading.Thread(target=lambda: (run.engine.begun.wait(LONGEST), run.server.stop(0)), daemon=True)
    gone.start()
    assert run(WAITS) == ""
    gone.join()
    assert run.engine.begun.is_set()
    assert _open_loops() == before


def test_a_failure_is_said_before_slow_resources_are_there(run: Run) -> None:
    error = run(FAILS)
    ended = time.monotonic()
    ((said, message),) = run.engine.messages
    assert "KeyError: '1'" in message
    assert message == error
    assert ended - said > SLOW_SECONDS / 2


def test_a_program_has_not_ended_while_it_runs(run: Run) -> None:
    running = threading.Thread(target=run, args=(WAITS,), daemon=True)
    running.start()
    run.engine.begun.wait(LONGEST)
    assert not run.program.wait(0.1)
    running.join()
    assert run.program.wait(0)
    assert run.engine.messages == []


def _open_loops() -> int:
    gc.collect()
    loops = [each for each in gc.get_objects() if isinstance(each, asyncio.AbstractEventLoop)]
    return sum(not each.is_closed() for each in loops)
