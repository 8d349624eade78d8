"""Times the cold start of a handler in a new process."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.function_processes import process_number
from models.profiling.function_process import function_process


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
    with function_process(handler, variables, [json.dumps(event).encode()], python) as ran:
        (answered,) = ran.answered
        return Start(
            ready_seconds=ran.ready_at - ran.began_at,
            answered_seconds=answered.at - ran.began_at,
            read_bytes=process_number(ran.process, "io", "read_bytes"),
            peak_memory_bytes=process_number(ran.process, "status", "VmHWM") * 1024,
            answer=json.loads(answered.content),
        )
