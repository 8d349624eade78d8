"""The machine of a measurement: processor, memory, system, and the versions of the libraries."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

TENSORFLOW = "tensorflow-cpu" if platform.machine() == "x86_64" else "tensorflow"
PACKAGES = ("ai-edge-litert", TENSORFLOW, "keras", "numpy", "awslambdaric", "boto3")


def describe() -> dict[str, str]:
    """This machine, as names and values for a table."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "s5cmd": _s5cmd_version(),
    }


def load_average() -> float:
    """Tasks that wanted a processor, on average over the last minute; above about 1, others disturb a measurement."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"


def _s5cmd_version() -> str:
    """The version of the program; its Python package has another one."""
    command = [str(Path(sys.executable).with_name("s5cmd")), "version"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
