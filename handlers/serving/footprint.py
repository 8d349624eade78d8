"""How a function's memory is divided: what it holds beside its models, what is left for them, and what is held now.

`python -m benchmarks.function_memory` measures what the constants set aside.
"""

import os
from collections.abc import Iterable, Mapping
from functools import cache

from handlers.contract import SMALLEST_FUNCTION_MIB
from handlers.manifest import Artifact, EngineName

MIB = 1024 * 1024

RUNTIME_BYTES = 84 * MIB
"""What a function needs beside engine, models and `request_room`. Python with numpy takes about 45 MiB; the clients of
the runtime and of a store take about 20 MiB. A request of 6 MiB is held three times: as it came, as text, and as the
body's bytes."""

ENGINE_BYTES: Mapping[EngineName, int] = {"litert": 16 * MIB, "onnxruntime": 40 * MIB, "tensorflow": 320 * MIB}
"""What an engine takes once, with its first model: the pages of its libraries that it touches, and what it allocates
and keeps. Measured: 14, 37 and 290 MiB."""

ENGINE_OWN_BYTES: Mapping[EngineName, int] = {"litert": 2 * MIB, "onnxruntime": 3 * MIB, "tensorflow": 10 * MIB}
"""The part of `ENGINE_BYTES` that `resident_bytes` counts (no file backs it) and that comes with the first model, after
the engine is imported and its libraries are open. Measured: 1, 2 and 7 MiB."""

SLACK_BYTES = 32 * MIB
"""What a process may hold beyond its models' known sizes, for a request's arrays and answer, before models that take
more than was known are looked for."""

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def request_room(memory: int) -> int:
    """How many bytes reading one request may take: an eighth of a function's memory. Models never get them.

    Decimals take about ten times the size of their JSON, so 1024 MiB of memory suffice for the largest request.
    """
    return memory // 8


def room_for_models(memory: int) -> int:
    """How many bytes of a function's memory models and engines may take together."""
    return max(memory - RUNTIME_BYTES - request_room(memory), 0)


def load_bytes(artifacts: Iterable[Artifact]) -> int:
    """What the largest of these artifacts takes together with its engine."""
    return max(ENGINE_BYTES[artifact.engine] + artifact.memory_bytes for artifact in artifacts)


def least_function_mib(artifacts: Iterable[Artifact]) -> int:
    """The memory of the smallest function that loads each of these artifacts, one at a time, in MiB."""
    needed = load_bytes(artifacts) + RUNTIME_BYTES
    return max(SMALLEST_FUNCTION_MIB, -(-needed * 8 // (7 * MIB)))  # an eighth is for requests


def resident_bytes() -> int:
    """Bytes that the process holds for itself. Pages of mapped files are not counted: the system can drop them.

    Every request calls this, so on Linux the file that says it is opened once.
    """
    descriptor = _statm()
    if descriptor is None:
        from handlers.serving.macos_memory import footprint_bytes  # late: Linux never needs it

        return footprint_bytes(os.getpid())
    _, resident, shared, *_ = os.pread(descriptor, 128, 0).split()
    return (int(resident) - int(shared)) * PAGE_BYTES


@cache
def _statm() -> int | None:
    try:
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
