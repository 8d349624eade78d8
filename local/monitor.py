"""Monitor: the resource monitor of a Pulumi program that runs in this process."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor, Mocks

STACK_TYPE = "pulumi:pulumi:Stack"


class Monitor(MockMonitor):
    """The SDK's in-process monitor, with an event loop for each request. It also keeps the stack's outputs."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.exports: Mapping[str, Any] = {}
        """The stack's outputs."""

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        with event_loop():
            return super().RegisterResource(request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        with event_loop():
            return super().ReadResource(request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        with event_loop():
            return super().Invoke(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        if request.urn.split("::")[2] == STACK_TYPE:
            with event_loop():
                self.exports = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


@contextmanager
def event_loop() -> Generator[None]:
    """Give this thread an event loop inside the block, and close it afterwards.

    Pulumi's `MockMonitor` opens one in each thread that has none, and never closes it.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()
