"""Makes a process lack what macOS lacks: /proc, what only Linux offers in `os` and `select`, and awslambdaric.

Python imports this first, wherever this directory is on PYTHONPATH; `tests/like_macos/__init__.py` sees to that.
"""

import os
import select
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

ONLY_LINUX = """
copy_file_range eventfd eventfd_read eventfd_write fallocate fdatasync getrandom getresgid getresuid getxattr listxattr
memfd_create pidfd_open pipe2 posix_fadvise posix_fallocate posix_openpt ppoll preadv2 pwritev2 removexattr
sched_getaffinity sched_getparam sched_getscheduler sched_setaffinity sched_setparam sched_setscheduler setns setxattr
splice unshare O_DIRECT O_LARGEFILE O_NOATIME O_PATH O_TMPFILE
"""
"""Names of `os` that Python has on Linux and not on macOS. https://docs.python.org/3/library/os.html"""


def _find_spec(name: str, *more: object) -> ModuleSpec | None:
    return None if name in ("awslambdaric", "runtime_client") else _real_find_spec(name, *more)


def _refuse(event: str, arguments: tuple) -> None:
    if event in ("open", "os.listdir", "os.scandir") and _is_proc(arguments[0]) and not _asked_by_psutil():
        raise FileNotFoundError(2, "No such file or directory", arguments[0])


def _is_proc(path: object) -> bool:
    return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith("/proc/")


def _asked_by_psutil() -> bool:
    """It has other sources on macOS, which its own tests cover."""
    return sys._getframe(2).f_globals.get("__name__", "").startswith("psutil")


def _stat(path: object, **keywords: object) -> os.stat_result:
    if _is_proc(path) and not sys._getframe(1).f_globals.get("__name__", "").startswith("psutil"):
        raise FileNotFoundError(2, "No such file or directory", path)
    return _real_stat(path, **keywords)


_real_stat, _real_find_spec = os.stat, PathFinder.find_spec
for _name in ONLY_LINUX.split():
    vars(os).pop(_name, None)
vars(select).pop("epoll", None)
os.stat = _stat
PathFinder.find_spec = _find_spec
sys.addaudithook(_refuse)
sys.executable = str(Path(__file__).with_name("python"))
