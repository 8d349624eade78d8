"""Packaging: a trained model becomes a version of the model repository, with the evidence that it answers the same."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from handlers.contract import MODEL_NAME
from handlers.manifest import ArtifactForm, Manifest, Pointer
from models.packaging.errors import PackagingError
from models.packaging.fingerprint import fingerprint_of
from models.packaging.forms import PREFERENCE
from models.packaging.repository import ModelRepository
from models.packaging.sources import open_source

Say = Callable[[str], None]
"""Tells a person what goes on now, in a few words."""


@dataclass(frozen=True, kw_only=True)
class PackageOptions:
    """How to package a model."""

    name: str
    version: int | None = None
    """The number that the version must have; None for the next one."""
    forms: Sequence[ArtifactForm] = PREFERENCE
    """The forms to try."""
    samples: Path | None = None
    """An `.npz` file with real inputs by name."""
    tolerance: float | None = None
    """The largest error of floating-point outputs, as a share of their scale; None for the defaults by type."""
    allowed_operations: Sequence[str] = field(default_factory=tuple[str, ...])
    """Operations that may stay although they could harm the one who serves the model."""
    make_current: bool = False
    """Whether this version answers from now on, even where another did before."""

    def __post_init__(self) -> None:
        """Raises PackagingError."""
        if not MODEL_NAME.fullmatch(self.name):
            raise PackagingError(
                f"{self.name!r} cannot be a model's name: it is part of paths and routes, so it starts with a letter "
                "or digit and has at most 63 letters, digits, hyphens and underscores"
            )
        if self.version is not None and self.version < 1:
            raise PackagingError(f"{self.version} cannot be a version; a version is an integer from 1 up")
        if self.tolerance is not None and not 0 <= self.tolerance < 1:
            raise PackagingError(f"{self.tolerance} cannot be a tolerance; it is a share of the output's scale, 0 to 1")


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A version in the repository."""

    manifest: Manifest
    pointer: Pointer
    reused: bool
    """Whether it was there already."""


def package(path: Path, repository: ModelRepository, options: PackageOptions, say: Say) -> Packaged:
    """Package a model.

    Args:
        path: a SavedModel directory, or a `.keras`, `.h5`, `.hdf5` or `.tflite` file.
        repository: where the version goes.
        options: how.
        say: progress.

    Raises:
        PackagingError: it cannot be packaged; the repository is as it was.
    """
    repository.refuse_files()
    source = open_source(path)
    fingerprint = fingerprint_of(source, options)
    manifest = _existing(repository, options, fingerprint)
    reused = manifest is not None
    if manifest is None:
        from models.packaging.making import make_version  # TensorFlow takes seconds to import

        with tempfile.TemporaryDirectory(prefix="packaging-") as name:
            manifest = make_version(source, repository, options, fingerprint, Path(name), say)
    pointer = repository.point(options.name, manifest.version, replace=options.make_current)
    return Packaged(manifest=manifest, pointer=pointer, reused=reused)


def _existing(repository: ModelRepository, options: PackageOptions, fingerprint: str) -> Manifest | None:
    if options.version is None:
        return repository.find(options.name, fingerprint)
    found = repository.versions(options.name).get(options.version)
    if found is not None and found.fingerprint != fingerprint:
        raise PackagingError(
            f"version {options.version} of {options.name} exists and holds something else; a version never changes. "
            "Leave --version out to get the next number."
        )
    return found
