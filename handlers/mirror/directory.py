"""ModelDirectory: one model on a file system that others read while it changes."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from handlers.durable import sync_directory, write_durably
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, Manifest, Pointer, parse_pointer


class ModelDirectory:
    """Versions appear whole, by a rename; the pointer moves by a rename; what begins with a dot is nobody's.

    One writer at a time: whoever writes holds the mirror's lock.
    """

    def __init__(self, root: Path, model: str) -> None:
        self._path = root / model

    def pointer(self) -> Pointer | None:
        """Which version readers take now; None if the model has no pointer. Raises ManifestError."""
        content = self._pointer_bytes()
        return None if content is None else parse_pointer(content)

    def versions(self) -> frozenset[int]:
        """The versions that readers can take."""
        if not self._path.is_dir():
            return frozenset()
        names = (entry.name for entry in self._path.iterdir() if entry.is_dir())
        return frozenset(int(name) for name in names if name.isascii() and name.isdecimal())

    def holds(self, manifest: Manifest, content: bytes) -> bool:
        """Whether a version is there with this manifest and every file that its engines read, at its size."""
        directory = self._path / str(manifest.version)
        try:
            return (directory / MANIFEST_FILE).read_bytes() == content and all(
                (directory / entry.path).stat().st_size == entry.size for entry in manifest.engine_files()
            )
        except (FileNotFoundError, NotADirectoryError):
            return False

    @contextmanager
    def receive(self, version: int) -> Generator[Path]:
        """A directory to write a version into; it becomes the version when the block ends without an exception.

        Files are the block's to make durable; the directories are made so here, before the rename.
        """
        incoming = self._path / f".{version}.{uuid4().hex}.incoming"
        incoming.mkdir(parents=True)
        try:
            yield incoming
            for directory in (incoming, *(path for path in incoming.rglob("*") if path.is_dir())):
                sync_directory(directory)
            replaced = self._set_aside(version)
            incoming.rename(self._path / str(version))
            sync_directory(self._path)
            if replaced:
                shutil.rmtree(replaced)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def point_to(self, content: bytes) -> bool:
        """Make this the content of `current.json`; False if it was already."""
        if self._pointer_bytes() == content:
            return False
        self._path.mkdir(parents=True, exist_ok=True)
        incoming = self._path / f".{POINTER_FILE}.{uuid4().hex}"
        write_durably(incoming, content)
        incoming.replace(self._path / POINTER_FILE)
        sync_directory(self._path)
        return True

    def unpoint(self) -> bool:
        """Withdraw the model from readers; False if it had no pointer."""
        if self._pointer_bytes() is None:
            return False
        (self._path / POINTER_FILE).unlink()
        sync_directory(self._path)
        return True

    def remove(self, version: int) -> None:
        """Delete a version: for readers at once, from the disk afterwards."""
        if removed := self._set_aside(version):
            sync_directory(self._path)
            shutil.rmtree(removed)

    def sweep(self) -> int:
        """Delete what earlier writers left unfinished, and the directory if it is empty then; returns how many."""
        if not self._path.is_dir():
            return 0
        stale = [entry for entry in self._path.iterdir() if entry.name.startswith(".")]
        for entry in stale:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        if not any(self._path.iterdir()):
            self._path.rmdir()
        return len(stale)

    def _set_aside(self, version: int) -> Path | None:
        aside = self._path / f".{version}.{uuid4().hex}.removed"
        try:
            return (self._path / str(version)).rename(aside)
        except FileNotFoundError:
            return None

    def _pointer_bytes(self) -> bytes | None:
        try:
            return (self._path / POINTER_FILE).read_bytes()
        except FileNotFoundError:
            return None
