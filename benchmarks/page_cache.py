"""The page cache: the system keeps files in memory that were read. Dropping it shows a start from disk."""

import os
from pathlib import Path

DROP_CACHES = Path("/proc/sys/vm/drop_caches")


def may_drop() -> bool:
    """Whether this process may empty the page cache: on Linux, as root."""
    return os.access(DROP_CACHES, os.W_OK)


def drop() -> None:
    """Write dirty pages back, and drop every page that no process has mapped. Raises OSError if that is not allowed.
    https://docs.kernel.org/admin-guide/sysctl/vm.html#drop-caches"""
    os.sync()
    DROP_CACHES.write_text("3\n", encoding="ascii")
