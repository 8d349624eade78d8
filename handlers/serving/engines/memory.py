"""Memory that an engine has freed goes back to the operating system."""

import ctypes
import gc


def give_back() -> None:
    """Return freed heap pages to the system.

    The allocator keeps what was freed for the next allocation: after a large model is dropped, the process stays as
    large as it was until it is asked to trim. Does nothing where the C library has no function for it (musl).
    """
    gc.collect()
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):  # glibc
        library.malloc_trim(ctypes.c_size_t(0))
    elif hasattr(library, "malloc_zone_pressure_relief"):  # macOS: of all zones, as much as there is
        library.malloc_zone_pressure_relief(None, ctypes.c_size_t(0))
