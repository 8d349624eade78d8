"""DirectoryStore: a model repository in a directory: a mounted file system, or one baked into the image."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from handlers.manifest import MANIFEST_FILE, POINTER_FILE, FileEntry, Manifest, Pointer, parse_manifest, parse_pointer
from handlers.serving.stores import SAVED_MODEL_FILE, NotInStore, StoreError


class DirectoryStore:
    """Serves files from where they are: nothing is copied, and engines map the weights from the files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pointers: dict[str, tuple[tuple[int, int, int], Pointer]] = {}
        self._lock = threading.Lock()

    def pointer(self, model: str) -> Pointer:
        """The pointer; it is read only if it changed. Without one, the largest version answers."""
        path = self._root / model / POINTER_FILE
        try:
            status = path.stat()
        except FileNotFoundError:
            return self._largest_version(model)
        except OSError as error:
            raise StoreError(f"{model}/{POINTER_FILE} cannot be read: {error.strerror}") from error
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            known = self._pointers.get(model)
        if known is not None and known[0] == seen:
            return known[1]
        pointer = parse_pointer(self._read(model, path))
        with self._lock:
            self._pointers[model] = (seen, pointer)
        return pointer

    def manifest(self, model: str, version: int) -> Manifest:
        """The version's manifest, or one made for a SavedModel in TensorFlow Serving's layout."""
        directory = self._root / model / str(version)
        path = directory / MANIFEST_FILE
        if path.is_file():
            return parse_manifest(self._read(model, path))
        saved_model = directory / SAVED_MODEL_FILE
        if not saved_model.is_file():
            raise NotInStore(f"{model}/{version} holds neither {MANIFEST_FILE} nor {SAVED_MODEL_FILE}")
        from handlers.serving.stores.unpackaged import unpackaged_manifest  # late: packaged models never need it

        files = [
            FileEntry(path=path.relative_to(directory).as_posix(), size=path.stat().st_size, sha256="")
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        ]
        return unpackaged_manifest(model, version, self._read(model, saved_model), files)

    def fetch(self, model: str, version: int, files: Sequence[FileEntry]) -> Path:
        """The version's own directory, after checking that every file is there in its full size.

        The checksum is not compared: that would read the whole model before the engine maps it.
        """
        directory = self._root / model / str(version)
        for entry in files:
            try:
                size = (directory / entry.path).stat().st_size
            except FileNotFoundError:
                raise StoreError(f"{model}/{version}/{entry.path} is not there, though the manifest lists it") from None
            if size != entry.size:
                raise StoreError(
                    f"{model}/{version}/{entry.path} has {size} bytes; the manifest says {entry.size}. "
                    "It may still be being written; else publish the version again under a new number."
                )
        return directory

    def close(self) -> None:
        """Does nothing: no connection is open."""

    def keep(self, model: str, version: int) -> AbstractContextManager[None]:
        """Does nothing: no fetch removes files."""
        return nullcontext()

    def _read(self, model: str, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise StoreError(f"{model}: {path.name} cannot be read: {error.strerror}") from error

    def _largest_version(self, model: str) -> Pointer:
        from handlers.serving.stores.unpackaged import newest_version  # late: packaged models never need it

        directory = self._root / model
        names = [path.parent.name for path in directory.glob(f"*/{SAVED_MODEL_FILE}")]
        return newest_version(model, names)
