"""What a function takes beside its models: the measurements behind the constants of `handlers.serving.footprint`.

    python -m benchmarks.memory

Each number comes from a process of its own that serves the smallest subject. For the runtime it is the most that was
resident and that no file backs; for an engine, what the first answer added: all of it, and what no file backs. Linux
only.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from benchmarks.paths import ROOT
from benchmarks.requests import event_for, http_event
from benchmarks.subjects import prepare
from benchmarks.ways import FROZEN, LITERT, Way, function_environment
from benchmarks.worker import Context, load_call
from handlers.serving.engines import open_libraries
from handlers.serving.footprint import ENGINE_BYTES, ENGINE_OWN_BYTES, MIB, RUNTIME_BYTES, resident_bytes

SUBJECT = "iris"
LARGEST_BODY = 6_000_000
"""Bytes of the largest request that Lambda lets in, less its envelope."""


def main() -> None:
    """Measure, and print every number beside the constant that must cover it."""
    prepare((SUBJECT,))
    for what, way, measured, constant in (
        ("runtime, with a request of 6 MB of JSON", LITERT, "runtime", RUNTIME_BYTES),
        ("litert", LITERT, "engine", ENGINE_BYTES["litert"]),
        ("litert, what no file backs", LITERT, "engine_own", ENGINE_OWN_BYTES["litert"]),
        ("tensorflow", FROZEN, "engine", ENGINE_BYTES["tensorflow"]),
        ("tensorflow, what no file backs", FROZEN, "engine_own", ENGINE_OWN_BYTES["tensorflow"]),
    ):
        taken = _in_process(way, measured)
        verdict = "covered" if taken <= constant else "NOT COVERED"
        print(f"{what}: {taken / MIB:.0f} MiB taken, {constant / MIB:.0f} MiB set aside: {verdict}", flush=True)


def engine(way: Way) -> int:
    """What the process grew by from before the engine's first model to after its first answer."""
    return _grown_by(way, lambda: _kilobytes("VmRSS") * 1024)


def engine_own(way: Way) -> int:
    """The part of it that no file backs, and that comes once the engine is imported and its libraries are open."""
    import_module(f"handlers.serving.engines.{way.engine}")
    open_libraries(way.engine)
    return _grown_by(way, resident_bytes)


def _grown_by(way: Way, resident: Callable[[], int]) -> int:
    (subject,) = prepare((SUBJECT,))
    import numpy as np  # before the clock, as the runtime's own

    np.zeros(1)
    before = resident()
    handler = load_call(way.handler)
    handler(event_for(subject, plain=False), Context())
    return resident() - before


def runtime(way: Way) -> int:
    """The most that the process held of its own with the largest request, less what the engine took."""
    (subject,) = prepare((SUBJECT,))
    row = [0.123456789] * subject.shape[0]
    rows = LARGEST_BODY // (len(json.dumps(row)) + 2)
    body = json.dumps({"instances": [row] * rows}).encode()
    event = http_event("POST", f"/v1/models/{subject.name}:predict", body)
    took = engine_own(way)
    answer = load_call(way.handler)(event, Context())
    assert answer["statusCode"] in (200, 413), answer  # noqa: S101 - the answer may be too large to return
    return (_kilobytes("VmHWM") - _kilobytes("RssFile")) * 1024 - took


MEASUREMENTS: dict[str, Callable[[Way], int]] = {"engine": engine, "engine_own": engine_own, "runtime": runtime}


def _kilobytes(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith(f"{name}:")).split()[1])


def _in_process(way: Way, measured: str) -> int:
    (subject,) = prepare((SUBJECT,))
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", way.key, measured],
        cwd=ROOT,
        env=function_environment(way.environment(subject)),
        stdout=subprocess.PIPE,
        check=True,
    )
    return int(ended.stdout)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # handlers log to standard output
        chosen = LITERT if sys.argv[1] == LITERT.key else FROZEN
        with protocol:
            protocol.write(str(MEASUREMENTS[sys.argv[2]](chosen)))
