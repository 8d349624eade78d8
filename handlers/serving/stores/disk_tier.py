"""The second tier of the cache: fetched files on the function's own disk. The least recently used version leaves first.

A file gets its name when it is complete and checked. Until then its name ends with `.part`, and one process owns it.
"""

import os
import re
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from errno import ENOSPC
from pathlib import Path
from uuid import uuid4

from handlers.manifest import FileEntry
from handlers.serving.stores import StoreError
from handlers.serving.stores.checksum import difference

_PART = re.compile(r"\.(?P<owner>\d+)\.[0-9a-f]{32}\.part$|^\.[0-9a-f]{32}\.part$")
"""Suffix of partial downloads, with the id of the process that they belong to, and of evicted versions."""

_SHARE = 0.9
"""The share of the disk that may be filled. The rest is for files that libraries write."""

Download = Callable[[FileEntry, int], None]
"""Writes the bytes of a file to a descriptor. Raises StoreError if they are not what the entry says."""


class DiskTier:
    """Directories of versions under `root`, at most `limit` bytes in all (by default nine tenths of the disk).

    Safe to use from several threads. It may start with the files of a process that was killed.
    """

    def __init__(self, root: Path, limit: int | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._limit = int(shutil.disk_usage(root).total * _SHARE) if limit is None else limit
        self._lock = threading.Lock()
        self._busy: dict[str, int] = {}
        self._fetching: dict[str, threading.Lock] = {}
        self._checked: dict[Path, FileEntry] = {}
        """What the files are that this process stored or compared."""
        self._remove_orphans()
        known = sorted(root.glob("*/*"), key=lambda path: path.stat().st_mtime)
        self._versions = OrderedDict((path.relative_to(root).as_posix(), _size(path)) for path in known)

    def fetch(self, version: str, files: Sequence[FileEntry], download: Download) -> Path:
        """The directory of a version (`model/number`) with these files. Missing files are downloaded.

        Raises StoreError if they do not fit, and what `download` raises.
        """
        directory = self._root / version
        with self.in_use(version), self._one_at_a_time(version):
            for entry in files:
                target = directory / entry.path
                if not self._holds(entry, target):
                    self._remove(version, target)
                    self._store(version, entry, target, download)
                    self._checked[target] = entry
        return directory

    @contextmanager
    def in_use(self, version: str) -> Generator[None]:
        """Inside the block, the version is not evicted."""
        with self._lock:
            self._busy[version] = self._busy.get(version, 0) + 1
            self._versions.setdefault(version, 0)
            self._versions.move_to_end(version)
        try:
            yield
        finally:
            with self._lock:
                self._busy[version] -= 1
                if not self._busy[version]:
                    del self._busy[version]

    def _holds(self, entry: FileEntry, target: Path) -> bool:
        """Whether a file is there with its content. What another process stored is compared once."""
        if not (target.is_file() and target.stat().st_size == entry.size):
            return False
        if self._checked.get(target) != entry and difference(target, entry):
            return False
        self._checked[target] = entry
        return True

    def _remove(self, version: str, target: Path) -> None:
        """Remove a file with other content, if there is one. What is mapped stays readable."""
        with suppress(OSError):
            size = target.stat().st_size
            target.unlink()
            with self._lock:
                self._versions[version] -= size

    def _store(self, version: str, entry: FileEntry, target: Path, download: Download) -> None:
        self._make_room(version, entry)
        part = target.with_name(f"{target.name}.{os.getpid()}.{uuid4().hex}.part")
        try:
            descriptor = self._allocate(part, version, entry)
            try:
                download(entry, descriptor)
            finally:
                os.close(descriptor)
            part.replace(target)
        except BaseException as error:
            part.unlink(missing_ok=True)
            with self._lock:
                self._versions[version] -= entry.size
            if isinstance(error, OSError):
                raise StoreError(f"{version}/{entry.path} cannot be kept on the function's disk: {error}") from error
            raise

    def _allocate(self, part: Path, version: str, entry: FileEntry) -> int:
        """The descriptor of a new file whose space is allocated: a full disk shows at once, not during the download."""
        while True:
            descriptor: int | None = None
            try:
                part.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                if entry.size:
                    _reserve(descriptor, entry.size)
            except OSError as error:
                if descriptor is not None:
                    os.close(descriptor)
                if error.errno != ENOSPC:
                    raise
                if not self._evict_one():
                    raise self._full(version, entry) from error
            else:
                return descriptor

    @contextmanager
    def _one_at_a_time(self, version: str) -> Generator[None]:
        """One fetch at a time for each version: two of its artifacts may share a file."""
        with self._lock:
            lock = self._fetching.setdefault(version, threading.Lock())
        with lock:
            yield

    def _make_room(self, version: str, entry: FileEntry) -> None:
        while True:
            with self._lock:
                if sum(self._versions.values()) + entry.size <= self._limit:
                    self._versions[version] += entry.size
                    return
            if not self._evict_one():
                raise self._full(version, entry)

    def _evict_one(self) -> bool:
        with self._lock:
            idle = next((version for version in self._versions if version not in self._busy), None)
            if idle is None:
                return False
            del self._versions[idle]
            # Renamed under the lock: a fetch that begins later finds no files. Mapped files stay readable.
            doomed = self._root / f".{uuid4().hex}.part"
            with suppress(FileNotFoundError):  # nothing of it was stored, or another process removed it
                (self._root / idle).rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        return True

    def _full(self, version: str, entry: FileEntry) -> StoreError:
        return StoreError(
            f"{version}/{entry.path} has {entry.size} bytes and does not fit on the function's disk, of which models "
            f"may take {self._limit}: give the function more ephemeral storage"
        )

    def _remove_orphans(self) -> None:
        for path in list(self._root.rglob("*.part")):
            match = _PART.search(path.name)
            if match is None:  # a file of the model
                continue
            owner = match["owner"]
            if owner is None:
                shutil.rmtree(path, ignore_errors=True)
            elif int(owner) == os.getpid() or not _runs(int(owner)):
                path.unlink(missing_ok=True)


def _reserve(descriptor: int, size: int) -> None:
    """Give a new file its size and its disk space. Raises OSError, with ENOSPC where there is too little of it."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    disk = os.fstatvfs(descriptor)  # macOS: the space is there now, though not set aside
    if disk.f_bavail * disk.f_frsize < size:
        raise OSError(ENOSPC, os.strerror(ENOSPC))
    os.ftruncate(descriptor, size)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)  # sends nothing
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
