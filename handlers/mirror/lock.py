"""The lock of the mirror: one writer at a time, on all machines that mount the file system."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

LOCK_FILE = ".sync.lock"


@contextmanager
def exclusive(root: Path) -> Generator[None]:
    """Hold the lock of a directory inside the block. Waits while another process holds it.

    It is a record lock: NFS shares it between machines, and the system releases it when the process ends.
    """
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
