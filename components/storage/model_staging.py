"""Staging: lays out the files that an image needs of the model repository, for `docker build`. Imports no Pulumi."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from components.image.image_manifest import IMAGE_LIMIT_BYTES
from components.settings.packaged_models import PackagedModel
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, EngineName

STAGED_AT_SECONDS = 315_532_800
"""1980-01-01, the modification time of staged directories, and the earliest of staged files. Equal models are staged
with equal times, so that `docker build` sends nothing again. In the image, all files have one time."""

RUNTIME_BYTES: Mapping[EngineName, int] = {"litert": 1 << 30, "onnxruntime": 1 << 30, "tensorflow": 3 << 30}
"""Bytes kept free for Python, the engine and the base image. They need less."""


class StagingError(ValueError):
    """The models cannot be baked into an image. The message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class StagedFile:
    source: Path
    path: PurePosixPath
    """Its place below the root of the staged repository."""
    size: int
    sha256: str | None
    """None for the manifest and the pointer, which no manifest lists."""


def room_for_models(engines: EngineName) -> int:
    """Bytes of models that fit in an image beside its engine set."""
    return IMAGE_LIMIT_BYTES - RUNTIME_BYTES[engines]


def files_to_stage(models: Sequence[PackagedModel]) -> tuple[StagedFile, ...]:
    """The files that serve the current and the labelled versions of these models, sorted by path."""
    return tuple(sorted((file for model in models for file in _files_of(model)), key=lambda file: file.path))


def stage(files: Sequence[StagedFile], directory: Path) -> None:
    """Replace a directory by these files. Content, modes and times depend on `files` alone.

    Raises:
        StagingError: a file's content is not what its manifest says.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}.") as scratch:
        staged = Path(scratch) / "models"
        staged.mkdir()
        times = {staged / file.path: _time_of(_copy(file, staged / file.path)) for file in files}
        for path in (staged, *staged.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
            modified = times.get(path, STAGED_AT_SECONDS)
            os.utime(path, (modified, modified))
        if directory.exists():
            shutil.rmtree(directory)
        staged.rename(directory)


def _files_of(model: PackagedModel) -> Iterator[StagedFile]:
    root = PurePosixPath(model.name)
    yield _document(model.directory / POINTER_FILE, root / POINTER_FILE)
    for version in sorted(model.pointer.versions()):
        directory, target = model.directory / str(version), root / str(version)
        yield _document(directory / MANIFEST_FILE, target / MANIFEST_FILE)
        for entry in model.versions[version].engine_files():
            yield StagedFile(
                source=directory / entry.path, path=target / entry.path, size=entry.size, sha256=entry.sha256
            )


def _document(source: Path, path: PurePosixPath) -> StagedFile:
    return StagedFile(source=source, path=path, size=source.stat().st_size, sha256=None)


def _copy(file: StagedFile, target: Path) -> str:
    """Copy a file. Returns its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file.source, target)
    with target.open("rb") as copy:
        found = hashlib.file_digest(copy, "sha256").hexdigest()
    if file.sha256 not in (None, found):
        raise StagingError(
            f"{file.source} has the SHA-256 {found}; its manifest says {file.sha256}. Package the model again."
        )
    return found


def _time_of(sha256: str) -> int:
    """A file's modification time, in seconds: nearly always another one for another content. `docker build` takes a
    file for unchanged if its path, size and time are equal."""
    return STAGED_AT_SECONDS + int(sha256[:7], 16)
