"""Times the cold start of a handler in a new process."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.function_processes import function_environment, process_number
from benchmarks.paths import PROJECT
from benchmarks.runtime_api import OneEventServer, function_failed


@dataclass(frozen=True, kw_only=True)
class Start:
    """One cold start; times count from just before the process started."""

    ready_seconds: float
    """Until the process asked for its first event."""
    answered_seconds: float
    """Until its first answer had arrived."""
    read_bytes: int
    """Bytes read from disk for the process."""
    peak_memory_bytes: int
    """Its largest memory in RAM."""
    answer: dict[str, Any]


def cold_start(
    handler: str, variables: Mapping[str, str], event: Mapping[str, Any], python: str | Path = sys.executable
) -> Start:
    """Start a new process of a handler under awslambdaric, and have it answer one event. Raises FunctionFailed."""
    with OneEventServer(json.dumps(event).encode()) as server, tempfile.TemporaryFile() as log:
        environment = function_environment({**variables, **server.variables})
        began = time.monotonic()
        process = subprocess.Popen(
            [str(python), "-m", "awslambdaric", handler], cwd=PROJECT, env=environment, stdout=log, stderr=log
        )
        try:
            if reason := server.wait_until_idle(process):
                raise function_failed(handler, reason, log)
            return Start(
                ready_seconds=server.ready_at - began,
                answered_seconds=server.answered_at - began,
                read_bytes=process_number(process.pid, "io", "read_bytes"),
                peak_memory_bytes=process_number(process.pid, "status", "VmHWM") * 1024,
                answer=json.loads(server.answer),
            )
        finally:
            process.kill()
            process.wait()
