"""How much memory this process has, in bytes."""

import ctypes
import re
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """Memory that is in RAM now; where the system does not say, the most that ever was."""
    return _status("VmRSS") or peak_bytes()


def peak_bytes() -> int:
    """The most that ever was in RAM."""
    unit = 1 if sys.platform == "darwin" else 1024
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def return_free_memory() -> None:
    """Have the allocator give free memory back to the system, where it can."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return


def _status(key: str) -> int:
    if not STATUS.exists():
        return 0
    found = re.search(rf"^{key}:\s+(\d+) kB", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
