"""How much memory there is for models, and how much the process holds."""

import os
from collections.abc import Mapping
from functools import cache
from math import ceil

from handlers.contract import MIB_PER_VCPU, MODEL_CACHE_BYTES
from handlers.manifest import EngineName

MIB = 1024 * 1024

RUNTIME_BYTES = 112 * MIB
"""What a function needs beside engine and models: Python with numpy about 45 MiB, the runtime client and a store's
client about 20 MiB, and one request and its answer, at most 6 MiB each on the wire and several times that as text,
parsed values and arrays. Measured 81 MiB with the largest request, the pages of files not counted."""

ENGINE_BYTES: Mapping[EngineName, int] = {"litert": 16 * MIB, "tensorflow": 320 * MIB}
"""What an engine takes once, at its first model: the pages of its libraries that it touches, and what it allocates and
keeps. Measured 14 and 290 MiB."""

ENGINE_OWN_BYTES: Mapping[EngineName, int] = {"litert": 2 * MIB, "tensorflow": 10 * MIB}
"""The part of it that no file backs, which `resident_bytes` counts, and that comes with the first model, once the
engine is imported and its libraries are open. Measured 1 and 7 MiB."""

REQUEST_BYTES = 32 * MIB
"""The part of `RUNTIME_BYTES` that is one request and its answer, at most."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cache_budget(environment: Mapping[str, str]) -> int:
    """Bytes that loaded models may take together, engines included.

    `MODEL_CACHE_BYTES` if it is set. Else the function's memory less `RUNTIME_BYTES`; where there is no function, half
    of the machine's memory. An engine's own `ENGINE_BYTES` come off when it loads its first model.

    Raises ValueError if `MODEL_CACHE_BYTES` is not a number of bytes.
    """
    given = environment.get(MODEL_CACHE_BYTES)
    if given:
        if not given.isdigit():
            raise ValueError(f"{MODEL_CACHE_BYTES} is {given!r}; it must be a number of bytes, such as 268435456")
        return int(given)
    memory = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    if memory:
        return max(int(memory) * MIB - RUNTIME_BYTES, 0)
    return _PAGE_BYTES * os.sysconf("SC_PHYS_PAGES") // 2


def engine_threads(environment: Mapping[str, str]) -> int:
    """How many threads one prediction may use: as many as the function has virtual processors, at least one."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    return processors if not memory else max(1, min(processors, ceil(int(memory) / MIB_PER_VCPU)))


def resident_bytes() -> int:
    """Bytes that the process holds for itself: what is mapped from files counts as the system's, which can drop it.

    Every request asks: on Linux, the file that says so is opened once.
    """
    descriptor = _statm()
    if descriptor is None:
        from handlers.serving.footprint import footprint_bytes

        return footprint_bytes(os.getpid())
    _, resident, shared, *_ = os.pread(descriptor, 128, 0).split()
    return (int(resident) - int(shared)) * _PAGE_BYTES


@cache
def _statm() -> int | None:
    try:
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
