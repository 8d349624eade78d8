"""The mirror's lock: one writer at a time, on this machine or on another that mounts the same file system."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

LOCK_FILE = ".sync.lock"


@contextmanager
def exclusive(root: Path) -> Generator[None]:
    """Hold the lock of a directory, waiting for whoever holds it now.

    A record lock: NFS carries it between machines, and it ends with the process that holds it, however that ends.
    """
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
