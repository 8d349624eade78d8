"""The model repository on disk. A version appears complete and never changes."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path

from handlers.checked_json import ManifestError
from handlers.durable import sync_directory, write_durably
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, FileEntry, Manifest, Pointer
from handlers.manifest_reading import parse_manifest, parse_pointer
from models.packaging.durable_files import blake3_of, copy_durably, lock_directory, sha256_of
from models.packaging.errors import PackagingError

INCOMING = ".incoming-"
"""Prefix of a directory for new files, before they are moved to their place. Its writer holds its lock."""


class VersionTaken(PackagingError):
    """A version with this number exists and holds something else."""

    def __init__(self, model: str, version: int) -> None:
        super().__init__(
            f"version {version} of {model} exists and holds something else; a version never changes. Leave --version "
            "out to get the next number."
        )


class ModelRepository:
    """A directory of packaged models."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def refuse_files(self) -> None:
        """Raise PackagingError if the repository, or a directory above it, is a file."""
        for path in (self.root, *self.root.parents):
            if path.exists() and not path.is_dir():
                raise PackagingError(f"{path} is a file; give a directory for the repository, new or existing")

    def versions(self, model: str) -> Mapping[int, Manifest]:
        """A model's complete versions in ascending order. Raises PackagingError if a manifest is damaged."""
        directory = self.root / model
        numbers = sorted(int(path.name) for path in _children(directory) if path.name.isdecimal())
        found = {number: self._manifest(directory / str(number)) for number in numbers}
        return {number: manifest for number, manifest in found.items() if manifest is not None}

    def models(self) -> Sequence[str]:
        """The models that have a complete version, in alphabetical order."""
        names = sorted(path.name for path in _children(self.root) if path.is_dir() and not path.name.startswith("."))
        return [name for name in names if self.versions(name)]

    def pointer(self, model: str) -> Pointer | None:
        """Which version answers; None if no version does yet. Raises PackagingError if the pointer is damaged."""
        path = self.root / model / POINTER_FILE
        try:
            return parse_pointer(path.read_bytes()) if path.exists() else None
        except ManifestError as error:
            raise PackagingError(f"{path}: {error}") from None

    def find(self, model: str, fingerprint: str) -> Manifest | None:
        """The newest version with this fingerprint, or None."""
        same = [found for found in self.versions(model).values() if found.fingerprint == fingerprint]
        return same[-1] if same else None

    def faults(self, model: str) -> Sequence[str]:
        """Every file that is missing or has changed since it was packaged, and a wrong pointer: one sentence each."""
        found = [fault for manifest in self.versions(model).values() for fault in self.faults_of(manifest)]
        pointer = self.pointer(model)
        if pointer is None or pointer.version not in self.versions(model):
            found.append(f"{self.root / model / POINTER_FILE} names no complete version")
        return found

    def faults_of(self, manifest: Manifest) -> list[str]:
        """Every file of a version that is missing or has changed since it was packaged: one sentence each."""
        found: list[str] = []
        for entry in manifest.files:
            path = self.root / manifest.model / str(manifest.version) / entry.path
            if not path.is_file():
                found.append(f"{path} is missing")
            elif sha256_of(path) != entry.sha256 or (entry.blake3 and blake3_of(path) != entry.blake3):
                found.append(f"{path} has changed since it was packaged")
        return found

    def publish(self, manifest_for: Callable[[int], Manifest], source: Path, version: int | None) -> Manifest:
        """Add a version, completely or not at all.

        Args:
            manifest_for: returns the manifest for a version number; the manifest lists files in `source`.
            source: the directory that holds the files.
            version: the version's number, or None for the next one.

        Raises:
            VersionTaken: a version has this number.
            PackagingError: no server would read the manifest, or another process removed a file while it was written.
        """
        manifest = manifest_for(version or 1)
        _refuse_unreadable(manifest)
        self.root.mkdir(parents=True, exist_ok=True)
        self._sweep()
        with self._incoming() as incoming:
            whole = incoming / "version"
            whole.mkdir()
            for entry in manifest.files:
                copy_durably(source / entry.path, whole, entry.path)
            _refuse_incomplete(whole, manifest.files)
            return self._rename(whole, manifest_for, version)

    def point(self, model: str, version: int, *, replace: bool) -> Pointer:
        """Make a version current if none is, or if `replace` is true; labels stay unchanged."""
        existing = self.pointer(model)
        if existing is not None and not replace:
            return existing
        pointer = Pointer(version=version, labels=existing.labels if existing else {})
        if pointer != existing:
            path = self.root / model / POINTER_FILE
            with self._incoming() as incoming:
                write_durably(incoming / POINTER_FILE, pointer.to_json().encode())
                (incoming / POINTER_FILE).replace(path)
            sync_directory(path.parent)
        return pointer

    def _rename(self, incoming: Path, manifest_for: Callable[[int], Manifest], version: int | None) -> Manifest:
        """Move a version to its number, or to the next one if another process takes the number at the same time."""
        while True:
            manifest = manifest_for(version or 1)
            directory = self.root / manifest.model
            directory.mkdir(exist_ok=True)
            number = version or 1 + max((int(p.name) for p in directory.iterdir() if p.name.isdecimal()), default=0)
            manifest = manifest_for(number)
            write_durably(incoming / MANIFEST_FILE, manifest.to_json().encode())
            sync_directory(incoming)
            try:
                incoming.rename(directory / str(number))
            except OSError as error:
                if not (directory / str(number)).exists():
                    raise
                if version is not None:
                    raise VersionTaken(manifest.model, version) from error
                continue
            sync_directory(directory)
            return manifest

    def _manifest(self, directory: Path) -> Manifest | None:
        path = directory / MANIFEST_FILE
        try:
            return parse_manifest(path.read_bytes()) if path.exists() else None
        except ManifestError as error:
            raise PackagingError(f"{path}: {error}") from None

    @contextlib.contextmanager
    def _incoming(self) -> Generator[Path]:
        """A new directory in the repository, locked inside the block and removed after it."""
        while True:
            directory = Path(tempfile.mkdtemp(prefix=INCOMING, dir=self.root))
            if (lock := lock_directory(directory)) is not None:
                break  # otherwise another process is removing it
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            os.close(lock)

    def _sweep(self) -> None:
        """Remove the directories of writers that were killed."""
        for directory in self.root.glob(f"{INCOMING}*"):
            with contextlib.suppress(OSError):  # the directory belongs to another user, who can remove it
                if (lock := lock_directory(directory)) is not None:
                    shutil.rmtree(directory, ignore_errors=True)
                    os.close(lock)


def list_files(directory: Path, paths: Iterator[str] | Sequence[str]) -> tuple[FileEntry, ...]:
    """Size and checksums of files under a directory, in the order of their paths."""

    def entry_of(path: str) -> FileEntry:
        file = directory / path
        return FileEntry(path=path, size=file.stat().st_size, sha256=sha256_of(file), blake3=blake3_of(file))

    return tuple(entry_of(path) for path in sorted(paths))


def _children(directory: Path) -> Sequence[Path]:
    return list(directory.iterdir()) if directory.is_dir() else []


def _refuse_unreadable(manifest: Manifest) -> None:
    try:
        parse_manifest(manifest.to_json().encode())
    except ManifestError as error:
        raise PackagingError(f"{manifest.model} cannot be served: {error}") from None


def _refuse_incomplete(directory: Path, files: Sequence[FileEntry]) -> None:
    for entry in files:
        path = directory / entry.path
        if not path.is_file() or path.stat().st_size != entry.size:
            raise PackagingError(
                f"{path} was removed or changed by another process while the version was written; try again"
            )
