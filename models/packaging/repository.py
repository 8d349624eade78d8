"""The model repository on disk: versions that appear whole and never change."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path

from handlers.durable import sync_directory, write_durably
from handlers.manifest import (
    MANIFEST_FILE,
    POINTER_FILE,
    FileEntry,
    Manifest,
    ManifestError,
    Pointer,
    parse_manifest,
    parse_pointer,
)
from models.packaging.errors import PackagingError

INCOMING = ".incoming-"
"""Prefix of a directory that what is new is written to before it gets its place."""
LOCK = "lock"
"""A file in such a directory that its writer holds locked, so that whoever clears up, on any host, leaves it alone."""


class ModelRepository:
    """A directory of packaged models."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def refuse_files(self) -> None:
        """Raises PackagingError if a file is where the repository or a directory above it has to be."""
        for path in (self.root, *self.root.parents):
            if path.exists() and not path.is_dir():
                raise PackagingError(f"{path} is a file; the repository is a directory, made where there is none")

    def versions(self, model: str) -> Mapping[int, Manifest]:
        """The versions of a model that are complete, in ascending order. Raises PackagingError on a damaged one."""
        directory = self.root / model
        numbers = sorted(int(path.name) for path in _children(directory) if path.name.isdecimal())
        found = {number: self._manifest(directory / str(number)) for number in numbers}
        return {number: manifest for number, manifest in found.items() if manifest is not None}

    def models(self) -> Sequence[str]:
        """The models that have a complete version, in alphabetical order."""
        names = sorted(path.name for path in _children(self.root) if path.is_dir() and not path.name.startswith("."))
        return [name for name in names if self.versions(name)]

    def pointer(self, model: str) -> Pointer | None:
        """Which version answers, or None where nothing says so yet. Raises PackagingError."""
        path = self.root / model / POINTER_FILE
        try:
            return parse_pointer(path.read_bytes()) if path.exists() else None
        except ManifestError as error:
            raise PackagingError(f"{path}: {error}") from None

    def find(self, model: str, fingerprint: str) -> Manifest | None:
        """The newest version with this fingerprint."""
        same = [found for found in self.versions(model).values() if found.fingerprint == fingerprint]
        return same[-1] if same else None

    def faults(self, model: str) -> Sequence[str]:
        """What is missing or changed since it was packaged, one sentence each."""
        found: list[str] = []
        for version, manifest in self.versions(model).items():
            directory = self.root / model / str(version)
            for entry in manifest.files:
                path = directory / entry.path
                if not path.is_file():
                    found.append(f"{path} is missing")
                elif _sha256(path) != entry.sha256:
                    found.append(f"{path} is not what was packaged")
        pointer = self.pointer(model)
        if pointer is None or pointer.version not in self.versions(model):
            found.append(f"{self.root / model / POINTER_FILE} names no version that is there")
        return found

    def publish(self, manifest_for: Callable[[int], Manifest], source: Path, version: int | None) -> Manifest:
        """Add a version, whole or not at all.

        Args:
            manifest_for: the manifest of the version with this number; its files are in `source`.
            source: where the files are now.
            version: the number it must have, or None for the next one.

        Raises:
            PackagingError: the number is taken.
        """
        manifest = manifest_for(version or 1)
        self.root.mkdir(parents=True, exist_ok=True)
        self._sweep()
        with self._incoming() as incoming:
            whole = incoming / "version"
            whole.mkdir()
            for entry in manifest.files:
                _copy_durably(source / entry.path, whole, entry.path)
            _refuse_incomplete(whole, manifest.files)
            return self._rename(whole, manifest_for, version)

    def point(self, model: str, version: int, *, replace: bool) -> Pointer:
        """Have a version answer, where none does yet or `replace` says so; labels stay as they are."""
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
        """Give the directory its number. Another process may take the same one at the same time: then the next."""
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
                    raise PackagingError(
                        f"version {version} of {manifest.model} exists and holds something else; a version never "
                        "changes. Leave --version out to get the next number."
                    ) from error
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
        """A new directory in the repository, locked while it is written to."""
        while True:
            directory = Path(tempfile.mkdtemp(prefix=INCOMING, dir=self.root))
            if (lock := _lock(directory)) is not None:
                break  # otherwise another process clears it up already
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            os.close(lock)

    def _sweep(self) -> None:
        """Remove what writers left that were killed."""
        for directory in self.root.glob(f"{INCOMING}*"):
            with contextlib.suppress(OSError):  # it is another user's, who can clear it up
                if (lock := _lock(directory)) is not None:
                    shutil.rmtree(directory, ignore_errors=True)
                    os.close(lock)


def list_files(directory: Path, paths: Iterator[str] | Sequence[str]) -> tuple[FileEntry, ...]:
    """Size and SHA-256 of files under a directory, in the order of their paths."""
    return tuple(
        FileEntry(path=path, size=(directory / path).stat().st_size, sha256=_sha256(directory / path))
        for path in sorted(paths)
    )


def _children(directory: Path) -> Sequence[Path]:
    return list(directory.iterdir()) if directory.is_dir() else []


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lock(directory: Path) -> int | None:
    """The descriptor that holds a directory's lock, or None where another process does, or has removed it."""
    path = directory / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _copy_durably(source: Path, directory: Path, path: str) -> None:
    """Copy a file to a path under a directory that must be there."""
    target = directory / path
    for parent in reversed(Path(path).parents[:-1]):
        (directory / parent).mkdir(exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _refuse_incomplete(directory: Path, files: Sequence[FileEntry]) -> None:
    for entry in files:
        path = directory / entry.path
        if not path.is_file() or path.stat().st_size != entry.size:
            raise PackagingError(
                f"{path} was removed or changed by another process while the version was written; package it again"
            )
