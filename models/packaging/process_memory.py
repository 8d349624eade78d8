"""How much memory this process has, in bytes."""

import re
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """Memory that is in RAM now."""
    return _status("VmRSS") or _resident_elsewhere()


def peak_bytes() -> int:
    """The largest memory in RAM since the process started."""
    unit = 1 if sys.platform == "darwin" else 1024
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def file_backed_bytes() -> int:
    """The part of the memory in RAM that is mapped from files; 0 where the system does not say."""
    return _status("RssFile")


def _resident_elsewhere() -> int:
    import psutil  # late: a trial on Linux, whose time and memory are measured, does without

    return psutil.Process().memory_info().rss


def _status(key: str) -> int:
    try:
        text = STATUS.read_text(encoding="ascii")
    except OSError:  # there is no /proc
        return 0
    found = re.search(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
