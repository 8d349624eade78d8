"""The heap of the process, which engines allocate from."""

import contextlib
import ctypes
import gc


def trim_heap() -> None:
    """Return freed memory to the operating system.

    The allocator keeps freed memory for later allocations, so without this the process stays as large as its largest
    model made it. Does nothing where the C library has no `malloc_trim` (musl, macOS).
    """
    gc.collect()
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
