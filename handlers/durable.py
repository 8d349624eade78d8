"""Writing files so that they are still there after a crash. Standard library only."""

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
