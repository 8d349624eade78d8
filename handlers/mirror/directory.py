"""ModelDirectory: the directory of a model, which others read while it changes."""

import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from handlers.contract import MODEL_NAME
from handlers.durable import status_now, sync_directory, write_durably
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, FileEntry, Manifest, Pointer
from handlers.manifest_reading import parse_pointer
from handlers.serving.stores.checksum import difference

KEPT_ASIDE_SECONDS = 12 * 60 * 60
"""How long the files of a version stay after readers stopped finding it. A reader may have mapped them into its memory:
if a mapped file is deleted on NFS, the next access to what is not in memory ends the reader's process with SIGBUS."""

ASIDE = ".removed"
"""The directory at the root with the versions that were set aside. No model has this name."""


def models_in(root: Path) -> frozenset[str]:
    """The directories whose names a model can have."""
    return frozenset(path.name for path in root.iterdir() if path.is_dir() and MODEL_NAME.fullmatch(path.name))


def sweep_aside(root: Path) -> None:
    """Delete the versions that were set aside long ago."""
    now = time.time()
    for entry in (root / ASIDE).glob("*"):
        since = entry.name.rpartition(".")[2]
        if not since.isdecimal() or now - int(since) >= KEPT_ASIDE_SECONDS:
            shutil.rmtree(entry)


class ModelDirectory:
    """A version appears by a rename, when it is complete, and goes by a rename, to be deleted hours later. The pointer
    moves by a rename, too. Names that begin with a dot are leftovers or unfinished: readers ignore them, and the next
    writer deletes them.

    There is one writer at a time: it holds the mirror's lock.

    Args:
        root: the directory of all models.
        model: the model's name.
        lasting: whether the directory stays when the model has no file any more. Clients that mount it alone would not
            see another one of the same name.
    """

    def __init__(self, root: Path, model: str, *, lasting: bool = False) -> None:
        self._path, self._lasting = root / model, lasting

    def pointer(self) -> Pointer | None:
        """The pointer that readers see now; None if the model has none. Raises ManifestError."""
        content = self.document(POINTER_FILE)
        return None if content is None else parse_pointer(content)

    def versions(self) -> frozenset[int]:
        """The versions that readers can see."""
        if not self._path.is_dir():
            return frozenset()
        names = (entry.name for entry in self._path.iterdir() if entry.is_dir())
        return frozenset(int(name) for name in names if name.isascii() and name.isdecimal())

    def document(self, path: str) -> bytes | None:
        """The pointer or a manifest as it is here; None if it is not."""
        try:
            return (self._path / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def holds(self, manifest: Manifest, content: bytes, *, compare: bool) -> bool:
        """Whether a version has this manifest, and every file that its engines read.

        Args:
            manifest: the manifest.
            content: the bytes that it was read from.
            compare: whether to compare the files with their checksums, which reads all of them; else by their size.
        """
        directory = self._path / str(manifest.version)
        try:
            return self.document(f"{manifest.version}/{MANIFEST_FILE}") == content and all(
                _is(entry, directory / entry.path, compare=compare) for entry in manifest.engine_files()
            )
        except (FileNotFoundError, NotADirectoryError):
            return False

    @contextmanager
    def receive(self, version: int) -> Generator[Path]:
        """A directory to write a version into. It becomes the version if the block ends without an exception.

        The block makes its files durable. The directories are made durable here, before the rename.
        """
        incoming = self._path / f".{version}.{uuid4().hex}.incoming"
        incoming.mkdir(parents=True)
        try:
            yield incoming
            for directory in (incoming, *(path for path in incoming.rglob("*") if path.is_dir())):
                sync_directory(directory)
            self._set_aside(version)
            incoming.rename(self._path / str(version))
            sync_directory(self._path)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def point_to(self, content: bytes) -> bool:
        """Make this the content of `current.json`. Returns False if it already was."""
        if self.document(POINTER_FILE) == content:
            return False
        self._path.mkdir(parents=True, exist_ok=True)
        incoming = self._path / f".{POINTER_FILE}.{uuid4().hex}"
        write_durably(incoming, content)
        incoming.replace(self._path / POINTER_FILE)
        sync_directory(self._path)
        return True

    def unpoint(self) -> bool:
        """Delete the pointer, so that readers no longer find the model. Returns False if there was none."""
        if self.document(POINTER_FILE) is None:
            return False
        (self._path / POINTER_FILE).unlink()
        sync_directory(self._path)
        return True

    def remove(self, version: int) -> None:
        """Take a version away. Readers stop finding it at once; `sweep_aside` deletes its files later."""
        self._set_aside(version)
        sync_directory(self._path)

    def sweep(self) -> int:
        """Delete what earlier writers left unfinished, and the directory if it is then empty and need not last.

        Returns:
            How many entries were unfinished.
        """
        if not self._path.is_dir():
            return 0
        stale = [entry for entry in self._path.iterdir() if entry.name.startswith(".")]
        for entry in stale:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        if not self._lasting and not any(self._path.iterdir()):
            self._path.rmdir()
        return len(stale)

    def _set_aside(self, version: int) -> None:
        current, aside = self._path / str(version), self._path.parent / ASIDE
        if current.exists():
            aside.mkdir(exist_ok=True)
            current.rename(aside / f"{self._path.name}.{version}.{uuid4().hex}.{int(time.time())}")


def _is(entry: FileEntry, path: Path, *, compare: bool) -> bool:
    return status_now(path).st_size == entry.size and (not compare or difference(path, entry) is None)
