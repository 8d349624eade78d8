"""Program: the project's program as the engine's language host runs it, and as it must end.

An engine that is killed leaves its program with hundreds of tasks that wait for an answer. Pulumi's SDK cancels them
one after another, gives up at the first that raises, and leaves the loop open. What is left would end in a garbage
collection, in another thread, and with it the gRPC server that takes callbacks. That crashed a process.
"""

import asyncio
import contextvars
import os
import runpy
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
from pulumi import RunError, log
from pulumi.automation import _stack  # pyright: ignore[reportPrivateUsage] the SDK offers no other way
from pulumi.automation._server import LanguageServer
from pulumi.runtime import reset_options, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2

THREADS = 4
"""For each resource that the engine registers at a time; as many as the SDK has."""


class Program:
    """Runs `__main__.py` of a project, in its directory, and knows when that has ended with all that it began."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._ended = threading.Event()
        self._ended.set()

    def __call__(self) -> None:
        """Run the program; in its event loop."""
        before = Path.cwd()
        os.chdir(self._project)  # as the language host does: the program may name files from there
        try:
            runpy.run_path(str(self._project / "__main__.py"), run_name="__main__")
        finally:
            os.chdir(before)

    def run(self, request: Any) -> str:
        """Run the program for an engine, and end what it began.

        Args:
            request: the engine's `pulumirpc.RunRequest`.

        Returns:
            why the program failed; empty if it did not, or if the engine has gone meanwhile.
        """
        self._ended.clear()
        try:
            return contextvars.copy_context().run(self._run, request)
        finally:
            self._ended.set()

    def wait(self, seconds: float) -> bool:
        """Wait until the program has ended; whether it has."""
        return self._ended.wait(seconds)

    def _run(self, request: Any) -> str:
        reset_options(
            project=request.project,
            monitor_address=request.monitor_address,
            engine_address=request.args[0] if request.args else "",
            stack=request.stack,
            parallel=request.parallel,
            preview=request.dryRun,
            organization=request.organization or "organization",
        )
        set_all_config(request.config, request.configSecretKeys)
        with asyncio.Runner() as runner:
            runner.get_loop().set_default_executor(ThreadPoolExecutor(THREADS * max(request.parallel, 1)))
            try:
                runner.run(_in_stack(self))
            except BaseException as error:
                return _said(error)  # now: what is being registered may take minutes more
        return ""


async def _in_stack(program: Program) -> None:
    """Run the program in its stack's resource, or until a task that nobody awaits fails with an RPC error: other tasks
    may wait for it for ever."""
    running = asyncio.ensure_future(run_in_stack(program))
    failed: list[BaseException] = []

    def stop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(error := context.get("exception"), grpc.RpcError):
            failed.append(error)
            running.cancel()

    asyncio.get_running_loop().set_exception_handler(stop)
    try:
        await running
    except asyncio.CancelledError:
        if failed:
            raise failed[0] from None
        raise


def _said(error: BaseException) -> str:
    """Let the engine show why a program failed, unless it has gone. Returns what it shows."""
    if isinstance(error, grpc.Call | grpc.aio.AioRpcError) and error.code() == grpc.StatusCode.UNAVAILABLE:
        return ""
    message = str(error) if isinstance(error, RunError) else "".join(traceback.format_exception(error))
    with suppress(grpc.RpcError):
        log.error(message)
    return message


class _Host(LanguageServer):
    """The SDK's language host, with another end."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._program = program

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802 gRPC's name
        return language_pb2.RunResponse(error=self._program.run(request))


_stack.LanguageServer = _Host  # pyright: ignore[reportPrivateImportUsage] the SDK makes one for each operation
