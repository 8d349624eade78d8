"""FileSystems: the directories of this machine that stand for the account's file systems, by access point."""

import shutil
import threading
from pathlib import Path

from local.guard import Guard


class FileSystems:
    """File systems and their access points. A function that mounts an access point sees the directory behind it."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._roots: dict[str, Path] = {}
        self._access_points: dict[str, Path] = {}
        self._lock = threading.Lock()

    def create(self, file_system_id: str) -> Path:
        """A new, empty file system; its root directory, which is removed when the stack ends."""
        root = self._guard.directory("tensorflow-lambda-files-") / "root"
        root.mkdir()
        with self._lock:
            self._roots[file_system_id] = root
        return root

    def open_access_point(self, arn: str, file_system_id: str, path: str = "/", permissions: int | None = None) -> None:
        """Let functions mount a directory of a file system under this ARN.

        `permissions` are those of a root directory that the access point makes; one that makes none needs it to exist.
        Raises KeyError for a file system that is not there, FileNotFoundError for a directory that is not.
        """
        directory = self._roots[file_system_id] / path.strip("/")
        if permissions is not None:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(permissions)
        if not directory.is_dir():
            raise FileNotFoundError(f"the access point's root directory {path} is not in {file_system_id}")
        with self._lock:
            self._access_points[arn] = directory

    def close_access_point(self, arn: str) -> None:
        """Let no further function mount a directory under this ARN. Those that do go on seeing it."""
        with self._lock:
            self._access_points.pop(arn, None)

    def remove(self, file_system_id: str) -> None:
        """Delete a file system with all its files. Raises KeyError for one that is not there."""
        with self._lock:
            root = self._roots.pop(file_system_id)
        shutil.rmtree(root.parent, ignore_errors=True)

    def behind(self, access_point_arn: str) -> Path:
        """The directory that a function sees through an access point. Raises KeyError if there is none of this ARN."""
        with self._lock:
            return self._access_points[access_point_arn]
