"""Files that are still there after a crash, and files that others write. Standard library only."""

import os
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Write a file. When this returns, its content is on the disk; its name is once `sync_directory` returns."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Return when the names in a directory are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def status_now(path: Path) -> os.stat_result:
    """A file's status as it is now. Raises OSError.

    NFS may answer `stat` with what this machine saw up to a minute ago; it asks the server when a file is opened.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)
