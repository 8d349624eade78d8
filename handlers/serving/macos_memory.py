"""How much memory a process holds for itself on macOS, which has no /proc. Linux never imports this."""

import ctypes
from typing import Any

_RUSAGE_INFO_V0 = 0

_COUNTERS = (
    "user_time system_time package_wakeups interrupt_wakeups pageins wired_size resident_size physical_footprint "
    "started ended"
)


class _Usage(ctypes.Structure):
    """`rusage_info_v0` of <sys/resource.h>."""

    _fields_ = (("uuid", ctypes.c_uint8 * 16), *((name, ctypes.c_uint64) for name in _COUNTERS.split()))


def footprint_bytes(process: int) -> int:
    """Bytes that a process of this user holds and that the system cannot drop: pages of unchanged files do not count.

    0 where the process is gone, or where the system has no such count.
    """
    measure: Any = getattr(ctypes.CDLL(None), "proc_pid_rusage", None)
    usage = _Usage()
    if measure is None or measure(process, _RUSAGE_INFO_V0, ctypes.byref(usage)):
        return 0
    return int(usage.physical_footprint)
