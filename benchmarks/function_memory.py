"""Measures the memory that a function needs besides its models, for the constants of `handlers.serving.footprint`.

    python -m benchmarks.function_memory

Each number comes from a process of its own that serves the smallest subject. The runtime's number is the peak of the
memory that is not mapped from files. An engine's numbers are what the first answer added: all of it, and the part that
is not mapped from files. Linux only.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module

from benchmarks.function_processes import run_module, take_stdout
from benchmarks.requests import event_for
from benchmarks.subjects import prepare
from benchmarks.ways import LITERT, WAYS, Way, fastest
from benchmarks.worker import Context, load_call
from handlers.serving.engines import open_libraries
from handlers.serving.footprint import ENGINE_BYTES, ENGINE_OWN_BYTES, MIB, RUNTIME_BYTES, resident_bytes
from models.packaging import process_memory
from models.profiling.http_event import http_event

SUBJECT = "iris"
LARGEST_BODY = 6_000_000
"""Bytes of the largest request body that Lambda accepts, without its envelope."""


def main() -> None:
    """Measure, and print each number beside the constant that must cover it."""
    prepare((SUBJECT,))
    for what, way, measured, constant in _rows():
        taken = _in_process(way, measured)
        verdict = "covered" if taken <= constant else "NOT COVERED"
        print(f"{what}: {taken / MIB:.0f} MiB taken, {constant / MIB:.0f} MiB set aside: {verdict}", flush=True)


def _rows() -> Iterator[tuple[str, Way, str, int]]:
    """What is measured: its name, a way that has it, the measurement, and the constant in bytes."""
    yield "runtime, with a request of 6 MB of JSON", LITERT, "runtime", RUNTIME_BYTES
    for name, constant in ENGINE_BYTES.items():
        way = fastest(name)
        yield name, way, "engine", constant
        yield f"{name}, not mapped from files", way, "engine_own", ENGINE_OWN_BYTES[name]


def engine(way: Way) -> int:
    """Growth of the process's memory from before the engine's first model to after its first answer."""
    return _grown_by(way, process_memory.resident_bytes)


def engine_own(way: Way) -> int:
    """The part of `engine` that is not mapped from files, once the engine is imported and its libraries are open."""
    import_module(f"handlers.serving.engines.{way.engine}")
    open_libraries(way.engine)
    return _grown_by(way, resident_bytes)


def _grown_by(way: Way, resident: Callable[[], int]) -> int:
    (subject,) = prepare((SUBJECT,))
    import numpy as np  # numpy counts as the runtime's memory

    np.zeros(1)
    before = resident()
    handler = load_call(way.handler)
    handler(event_for(subject, plain=False), Context())
    return resident() - before


def runtime(way: Way) -> int:
    """Peak memory that is not mapped from files, with the largest request, less the engine's part."""
    (subject,) = prepare((SUBJECT,))
    row = [0.123456789] * subject.shape[0]
    rows = LARGEST_BODY // (len(json.dumps(row)) + 2)
    body = json.dumps({"instances": [row] * rows}).encode()
    event = http_event("POST", f"/v1/models/{subject.name}:predict", body)
    took = engine_own(way)
    answer = load_call(way.handler)(event, Context())
    assert answer["statusCode"] in (200, 413), answer  # noqa: S101 - the answer may be too large to return
    return process_memory.peak_bytes() - process_memory.file_backed_bytes() - took


MEASUREMENTS: dict[str, Callable[[Way], int]] = {"engine": engine, "engine_own": engine_own, "runtime": runtime}


def _in_process(way: Way, measured: str) -> int:
    (subject,) = prepare((SUBJECT,))
    return int(run_module("benchmarks.function_memory", way.key, measured, variables=way.environment(subject)))


def _answer(key: str, measured: str) -> None:
    """Measure in this process, and write the bytes to standard output."""
    (way,) = (way for way in WAYS if way.key == key)
    with take_stdout() as answer:
        answer.write(str(MEASUREMENTS[measured](way)))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        _answer(*sys.argv[1:])
