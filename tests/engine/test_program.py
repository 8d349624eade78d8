"""What a program leaves when its engine is gone ends with it."""

import asyncio
import gc
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from pulumi.automation import _stack  # pyright: ignore[reportPrivateUsage] what the SDK makes for each operation
from pulumi.runtime.proto import language_pb2

from local.engine.program import Program

WAITS = """
import asyncio
import pulumi

async def wait():
    await asyncio.Event().wait()

async def raise_when_cancelled():
    try:
        await wait()
    finally:
        raise OSError("when it was cancelled")

for _ in range(20):
    pulumi.Output.from_input(wait()).apply(print)
    pulumi.Output.from_input(raise_when_cancelled()).apply(print)
pulumi.ComponentResource("a:b:C", "c")
"""


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{closed.getsockname()[1]}"


def test_a_program_whose_engine_is_gone_leaves_no_task_and_no_open_loop(tmp_path: Path, nowhere: str):
    (tmp_path / "__main__.py").write_text(WAITS)
    program = Program(tmp_path)
    before = _open_loops()
    request = language_pb2.RunRequest(
        project="p", stack="s", program=".", monitor_address=nowhere, args=[nowhere], parallel=4
    )

    with suppress(Exception):
        _stack.LanguageServer(program).Run(request, None)

    assert program.wait(0)
    assert _open_loops() - before == set()


def _open_loops() -> set[int]:
    gc.collect()
    return {
        id(each) for each in gc.get_objects() if isinstance(each, asyncio.AbstractEventLoop) and not each.is_closed()
    }
