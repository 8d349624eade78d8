"""Packages a trained model as a version of the model repository."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from handlers.manifest import Manifest, Pointer
from models.packaging.fingerprint import fingerprint_of
from models.packaging.options import PackageOptions
from models.packaging.repository import ModelRepository, VersionTaken
from models.packaging.sources import open_source
from models.progress import Say
from models.quiet import import_quietly


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """The result of packaging."""

    manifest: Manifest
    pointer: Pointer
    reused: bool
    """Whether the version existed before."""


def package(path: Path, repository: ModelRepository, options: PackageOptions, say: Say) -> Packaged:
    """Package a model, or find the version that the same model, options and tools made before.

    Args:
        path: a SavedModel directory, or a `.keras`, `.h5`, `.hdf5` or `.tflite` file.
        repository: where the version goes.
        options: how to package it.
        say: reports progress.

    Raises:
        PackagingError: the model cannot be packaged; the repository is unchanged.
    """
    repository.refuse_files()
    source = open_source(path)
    fingerprint = fingerprint_of(source, options)
    manifest = _existing(repository, options, fingerprint)
    reused = manifest is not None
    if manifest is None:
        making = import_quietly("models.packaging.making")  # TensorFlow takes seconds to import
        with tempfile.TemporaryDirectory(prefix="packaging-") as name:
            manifest = making.make_version(source, repository, options, fingerprint, Path(name), say)
    pointer = repository.point(options.name, manifest.version, replace=options.make_current)
    return Packaged(manifest=manifest, pointer=pointer, reused=reused)


def _existing(repository: ModelRepository, options: PackageOptions, fingerprint: str) -> Manifest | None:
    """The version that the same model made before; none if code was imported, which may have changed since."""
    if options.version is None:
        return None if options.imports else repository.find(options.name, fingerprint)
    found = repository.versions(options.name).get(options.version)
    if found is not None and (options.imports or found.fingerprint != fingerprint):
        raise VersionTaken(options.name, options.version)
    return found
