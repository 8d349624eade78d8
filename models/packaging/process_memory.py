"""How much memory this process has, in bytes."""

import ctypes
import re
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """Memory in RAM now; where the system does not say (macOS), the peak."""
    return _status("VmRSS") or peak_bytes()


def peak_bytes() -> int:
    """The largest memory in RAM since the process started."""
    unit = 1 if sys.platform == "darwin" else 1024
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def file_backed_bytes() -> int:
    """The part of the memory in RAM that is mapped from files; 0 where the system does not say."""
    return _status("RssFile")


def return_free_memory() -> None:
    """Return freed memory to the system; does nothing where the C library has no `malloc_trim`."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return


def _status(key: str) -> int:
    if not STATUS.exists():
        return 0
    found = re.search(rf"^{key}:\s+(\d+) kB", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
