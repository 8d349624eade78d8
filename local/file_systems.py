"""FileSystems: the directories of this machine that emulate the account's file systems, by access point."""

import shutil
import threading
import time
from pathlib import Path

from local.guard import Guard


class FileSystems:
    """File systems and their access points. A function that mounts an access point uses its directory."""

    name_seconds = 0.5
    """How long after a mount target was made its name does not resolve. AWS says that it may take 90 seconds."""

    def __init__(self, guard: Guard) -> None:
        self._named_at: dict[str, float] = {}
        self._guard = guard
        self._roots: dict[str, Path] = {}
        self._access_points: dict[str, tuple[str, Path]] = {}
        """The file system and the directory of each."""
        self._lock = threading.Lock()

    def create(self, file_system_id: str) -> Path:
        """Create an empty file system. Returns its root directory, which is removed when the stack ends."""
        root = self._guard.directory("tensorflow-lambda-files-") / "root"
        root.mkdir()
        with self._lock:
            self._roots[file_system_id] = root
        return root

    def open_access_point(self, arn: str, file_system_id: str, path: str = "/", permissions: int | None = None) -> None:
        """Let functions mount a directory of a file system under this ARN.

        With `permissions`, the access point creates the directory and sets them; without, the directory must exist.
        Raises KeyError for an unknown file system, FileNotFoundError for a directory that does not exist.
        """
        directory = self._roots[file_system_id] / path.strip("/")
        if permissions is not None:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(permissions)
        if not directory.is_dir():
            raise FileNotFoundError(
                f"{file_system_id} has no directory {path}, which the access point names as its root"
            )
        with self._lock:
            self._access_points[arn] = file_system_id, directory

    def close_access_point(self, arn: str) -> None:
        """Let no further function mount a directory under this ARN. Those that do go on seeing it."""
        with self._lock:
            self._access_points.pop(arn, None)

    def remove(self, file_system_id: str) -> None:
        """Delete a file system with all its files. Raises KeyError for one that is not there."""
        with self._lock:
            root = self._roots.pop(file_system_id)
        shutil.rmtree(root.parent, ignore_errors=True)

    def name(self, file_system_id: str) -> None:
        """Note that a mount target of a file system was made."""
        with self._lock:
            self._named_at[file_system_id] = time.monotonic() + self.name_seconds

    def resolves(self, access_point_arn: str) -> bool:
        """Whether the names of the mount targets resolve, through which an access point is mounted."""
        with self._lock:
            return time.monotonic() >= self._named_at.get(self._access_points[access_point_arn][0], 0)

    def behind(self, access_point_arn: str) -> Path:
        """The directory of an access point. Raises KeyError for an unknown ARN."""
        with self._lock:
            return self._access_points[access_point_arn][1]

    def holder(self, access_point_arn: str) -> str:
        """The id of an access point's file system. Raises KeyError for an unknown ARN."""
        with self._lock:
            return self._access_points[access_point_arn][0]
