"""DirectoryStore: a model repository in a directory: a mounted file system, or one baked into the image."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from handlers.contract import MODEL_NAME
from handlers.durable import status_now
from handlers.manifest import (
    LARGEST_MANIFEST_BYTES,
    LARGEST_POINTER_BYTES,
    MANIFEST_FILE,
    POINTER_FILE,
    FileEntry,
    Manifest,
    Pointer,
)
from handlers.manifest_reading import parse_manifest_of, parse_pointer
from handlers.serving.stores import SAVED_MODEL_FILE, NotInStore, StoreError


class DirectoryStore:
    """Serves files from where they are: nothing is copied, and engines map the weights from the files.

    Args:
        root: the directory.
        verify: whether each load compares the files with the checksums that the manifest says.
    """

    def __init__(self, root: Path, *, verify: bool = True) -> None:
        self._root, self._verify = root, verify
        self._pointers: dict[str, tuple[tuple[int, int, int], Pointer]] = {}
        self._lock = threading.Lock()

    def names(self) -> frozenset[str]:
        """The directories whose names a model can have."""
        try:
            return frozenset(path.name for path in self._root.iterdir() if MODEL_NAME.fullmatch(path.name))
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise StoreError(f"the models in {self._root} cannot be listed: {error.strerror}") from error

    def pointer(self, model: str) -> Pointer:
        """See `Store.pointer`. The file is read only if it changed."""
        path = self._root / model / POINTER_FILE
        try:
            status = status_now(path)
        except (FileNotFoundError, NotADirectoryError):
            return self._largest_version(model)
        except OSError as error:
            raise StoreError(f"{model}/{POINTER_FILE} cannot be read: {error.strerror}") from error
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            known = self._pointers.get(model)
        if known is not None and known[0] == seen:
            return known[1]
        pointer = parse_pointer(self._read(model, path, LARGEST_POINTER_BYTES))
        with self._lock:
            self._pointers[model] = (seen, pointer)
        return pointer

    def manifest(self, model: str, version: int) -> Manifest:
        """The version's manifest, or one made for a SavedModel in TensorFlow Serving's layout."""
        directory = self._root / model / str(version)
        path = directory / MANIFEST_FILE
        if path.is_file():
            return parse_manifest_of(model, version, self._read(model, path, LARGEST_MANIFEST_BYTES))
        saved_model = directory / SAVED_MODEL_FILE
        if not saved_model.is_file():
            raise NotInStore(f"{model}/{version} holds neither {MANIFEST_FILE} nor {SAVED_MODEL_FILE}")
        from handlers.serving.stores.unpackaged import LARGEST_GRAPH_BYTES, unpackaged_manifest  # late: rarely needed

        files = [
            (path.relative_to(directory).as_posix(), path.stat().st_size)
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        ]
        return unpackaged_manifest(model, version, self._read(model, saved_model, LARGEST_GRAPH_BYTES), files)

    def fetch(self, model: str, version: int, files: Sequence[FileEntry]) -> Path:
        """The version's own directory, after the files were checked."""
        directory = self._root / model / str(version)
        for entry in files:
            try:
                self._check(directory / entry.path, entry)
            except (FileNotFoundError, NotADirectoryError):
                raise StoreError(f"{model}/{version}/{entry.path} is not there, though the manifest lists it") from None
            except OSError as error:
                raise StoreError(f"{model}/{version}/{entry.path} cannot be read: {error.strerror}") from error
            except StoreError as error:
                raise StoreError(f"{model}/{version}/{entry.path} {error}") from None
        return directory

    def close(self) -> None:
        """Does nothing: no connection is open."""

    def keep(self, model: str, version: int) -> AbstractContextManager[None]:
        """Does nothing: no fetch removes files."""
        return nullcontext()

    def _check(self, path: Path, entry: FileEntry) -> None:
        if (size := status_now(path).st_size) != entry.size:
            raise StoreError(
                f"has {size} bytes; the manifest says {entry.size}. It may still be being written; else publish the "
                "version again under a new number."
            )
        if not self._verify:
            return
        from handlers.serving.stores.checksum import difference

        if found := difference(path, entry):
            raise StoreError(
                f"{found}. The file was damaged or changed: copy it again (the sync of an EFS file system does), or "
                "publish the version again under a new number."
            )

    def _read(self, model: str, path: Path, limit: int) -> bytes:
        """The content, or of a larger file one byte more than the limit."""
        try:
            with path.open("rb") as file:
                return file.read(limit + 1)
        except OSError as error:
            raise StoreError(f"{model}: {path.name} cannot be read: {error.strerror}") from error

    def _largest_version(self, model: str) -> Pointer:
        from handlers.serving.stores.unpackaged import newest_version  # late: packaged models never need it

        directory = self._root / model
        found = [path.relative_to(directory).as_posix() for path in directory.glob("*/*")]
        return newest_version(model, found)
