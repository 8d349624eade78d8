"""The heap of the process, which engines allocate from."""

import ctypes
import gc


def trim_heap() -> None:
    """Return freed memory to the operating system.

    The allocator keeps freed memory for later allocations, so without this the process stays as large as its largest
    model made it. Does nothing where the C library has no function for it (musl).
    """
    gc.collect()
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):  # glibc
        library.malloc_trim(ctypes.c_size_t(0))
    elif hasattr(library, "malloc_zone_pressure_relief"):  # macOS: of all zones, as much as there is
        library.malloc_zone_pressure_relief(None, ctypes.c_size_t(0))
