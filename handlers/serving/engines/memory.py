"""Memory that an engine has freed goes back to the operating system."""

import contextlib
import ctypes
import gc


def give_back() -> None:
    """Return freed heap pages to the system.

    The allocator keeps what was freed for the next allocation: after a large model is dropped, the process stays as
    large as it was until it is asked to trim. Does nothing where the C library has no `malloc_trim` (musl, macOS).
    """
    gc.collect()
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
