"""DirectoryObjects: a model repository that is published in a directory of this machine."""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from uuid import uuid4

from handlers.durable import sync_directory, write_durably
from handlers.manifest import FileEntry
from models.packaging.durable_files import copy_durably, sha256_of
from models.publishing.errors import PublishingError
from models.publishing.objects import Document, Listed

LOCK = ".publishing-lock"
"""The file in the directory that a writer of documents locks. Readers ignore names that begin with a dot."""


class DirectoryObjects:
    """See `Objects`. An object appears under its path by a link or a rename, when its bytes are on the disk."""

    def __init__(self, root: Path) -> None:
        """Raises PublishingError if the path, or a directory above it, is a file."""
        for path in (root, *root.parents):
            if path.exists() and not path.is_dir():
                raise PublishingError(f"{path} is a file; give a directory for the repository, new or existing")
        self._root = root

    @property
    def address(self) -> str:
        """See `Objects`."""
        return str(self._root)

    def names(self) -> Sequence[str]:
        """See `Objects`."""
        found = self._root.iterdir() if self._root.is_dir() else ()
        return sorted(path.name for path in found if not path.name.startswith("."))

    def under(self, path: str) -> Sequence[Listed]:
        """See `Objects`."""
        listed: list[Listed] = []
        for file in sorted((self._root / path).rglob("*")):
            relative = file.relative_to(self._root).as_posix()
            with contextlib.suppress(FileNotFoundError):  # another process removed it
                if file.is_file() and "/." not in f"/{relative}":
                    status = file.stat()
                    listed.append(Listed(relative, status.st_size, status.st_mtime))
        return listed

    def read(self, path: str) -> Document | None:
        """See `Objects`."""
        try:
            content = (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Document(content, hashlib.sha256(content).hexdigest())

    def create(self, path: str, content: bytes) -> bool:
        """See `Objects`."""
        with self._incoming(path) as incoming:
            write_durably(incoming, content)
            return self._link(incoming, path)

    def replace(self, path: str, content: bytes, tag: str) -> bool:
        """See `Objects`."""
        with self._locked(), self._incoming(path) as incoming:
            present = self.read(path)
            if present is None or present.tag != tag:
                return False
            write_durably(incoming, content)
            incoming.replace(self._root / path)
            sync_directory((self._root / path).parent)
            return True

    def upload(self, path: str, source: Path, entry: FileEntry) -> bool:
        """See `Objects`."""
        target = self._root / path
        if not target.exists():
            with self._incoming(path) as incoming:
                copy_durably(source, incoming.parent, incoming.name)
                if (found := sha256_of(incoming)) != entry.sha256:
                    raise PublishingError(f"{source} has the SHA-256 {found}; its manifest says {entry.sha256}")
                if self._link(incoming, path):
                    return True
        if sha256_of(target) != entry.sha256:
            raise PublishingError(f"{target} is there and holds something else; publish under another version")
        return False

    def delete(self, paths: Iterable[str]) -> None:
        """See `Objects`. Directories that are left empty go, too."""
        for path in paths:
            target = self._root / path
            target.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # the directory holds something else
                for parent in target.parents:
                    if parent == self._root:
                        break
                    parent.rmdir()

    def _link(self, incoming: Path, path: str) -> bool:
        """Give a written file its path, if nothing has it."""
        target = self._root / path
        try:
            os.link(incoming, target)
        except FileExistsError:
            return False
        sync_directory(target.parent)
        return True

    @contextlib.contextmanager
    def _incoming(self, path: str) -> Generator[Path]:
        """A path for unfinished bytes, in the directory where they will appear. It is removed after the block."""
        parent = (self._root / path).parent
        parent.mkdir(parents=True, exist_ok=True)
        incoming = parent / f".{uuid4().hex}.incoming"
        try:
            yield incoming
        finally:
            incoming.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        descriptor = os.open(self._root / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
