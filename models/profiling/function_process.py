"""A handler in a process of its own under Lambda's runtime client."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.places import PROJECT
from models.profiling.environment import function_environment
from models.profiling.runtime_server import Answered, RuntimeServer, function_failed


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A process that answered all its events, and waits for more. Times are of the monotonic clock, in seconds."""

    process: int
    """Its id."""
    began_at: float
    """Just before it started."""
    ready_at: float
    """When it asked for its first event."""
    answered: Sequence[Answered]


@contextmanager
def function_process(
    handler: str, variables: Mapping[str, str], events: Iterable[bytes], python: str | Path = sys.executable
) -> Generator[Ran]:
    """Start a new process of a handler under awslambdaric, and have it answer these events. It ends with the block.

    Raises FunctionFailed.
    """
    with RuntimeServer(events) as server, tempfile.TemporaryFile() as log:
        environment = function_environment({**variables, **server.variables})
        began = time.monotonic()
        process = subprocess.Popen(
            [str(python), "-m", "awslambdaric", handler], cwd=PROJECT, env=environment, stdout=log, stderr=log
        )
        try:
            if reason := server.wait_until_idle(process):
                raise function_failed(handler, reason, log)
            yield Ran(process=process.pid, began_at=began, ready_at=server.ready_at, answered=server.answered)
        finally:
            process.kill()
            process.wait()
