"""Files that are on the disk once a function returns, and directories that one process at a time may use."""

import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from blake3 import blake3

LOCK = "lock"
"""The file in a directory whose lock says that a process uses the directory."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blake3_of(path: Path) -> str:
    """BLAKE3 of a file, in lower-case hexadecimal."""
    return blake3().update_mmap(path).hexdigest()


def lock_directory(directory: Path) -> int | None:
    """Lock a directory against other processes, on any host.

    Returns the file descriptor that holds the lock until it is closed. Returns None if another process holds the lock,
    or has removed the directory.
    """
    path = directory / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def copy_durably(source: Path, directory: Path, path: str) -> None:
    """Copy a file to a path under a directory. Raises FileNotFoundError if the directory does not exist."""
    target = directory / path
    for parent in reversed(Path(path).parents[:-1]):
        (directory / parent).mkdir(exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
