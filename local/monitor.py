"""Monitor: the resource monitor of a Pulumi program that runs in this process."""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor, Mocks
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

STACK_TYPE = "pulumi:pulumi:Stack"

OUTPUTS = "pulumi:pulumi:readStackOutputs"
"""The function of Pulumi's engine that tells what a stack's last deployment exported."""


class Monitor(MockMonitor):
    """The SDK's in-process monitor, with an event loop for each request. It also keeps the stack's outputs."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.exports: Mapping[str, Any] = {}
        """The stack's outputs."""
        self._error_hooks: dict[str, Any] = {}

    def RegisterErrorHook(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        self._error_hooks[request.name] = request.callback
        return super().RegisterErrorHook(request)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        """Register a resource, as often as its error hooks ask for it."""
        errors: list[str] = []
        while True:
            try:
                with event_loop():
                    return super().RegisterResource(request)
            except Exception as error:
                errors.insert(0, str(error))
                if not any(self._is_retried(name, request, errors) for name in request.hooks.on_error):
                    raise

    def _is_retried(self, hook: str, request: Any, errors: Sequence[str]) -> bool:
        """What a hook of the program says. The SDK serves it in the event loop of the program, in another thread."""
        asked = resource_pb2.ErrorHookRequest(
            name=request.name, type=request.type, failed_operation="create", errors=errors
        )
        callback = self._error_hooks[hook]
        with grpc.insecure_channel(callback.target) as channel:
            answer = callback_pb2_grpc.CallbacksStub(channel).Invoke(
                callback_pb2.CallbackInvokeRequest(token=callback.token, request=asked.SerializeToString())
            )
        return resource_pb2.ErrorHookResponse.FromString(answer.response).retry

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        with event_loop():
            return super().ReadResource(request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        if request.tok == OUTPUTS:
            return resource_pb2.ResourceInvokeResponse()  # here, each deployment is the first
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
