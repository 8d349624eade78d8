"""PackagedModel: one model of the model repository on disk, as the deployment reads it. Imports no Pulumi."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from handlers.checked_json import ManifestError
from handlers.contract import MODEL_NAME
from handlers.manifest import MANIFEST_FILE, POINTER_FILE, PREDICT_METHOD, EngineName, Manifest, Pointer
from handlers.manifest_reading import parse_manifest, parse_pointer

METHODS = PREDICT_METHOD.removesuffix("predict")
"""How TensorFlow Serving's names of methods begin."""


class RepositoryError(ValueError):
    """The model repository cannot be deployed. The message says what is wrong and what to do."""


@dataclass(frozen=True, kw_only=True)
class PackagedModel:
    """A model with all of its packaged versions."""

    name: str
    directory: Path
    pointer: Pointer
    """Which version the first deployment serves. Later publications do not change it."""
    versions: Mapping[int, Manifest]
    """At least one. Every version that the pointer names is among them."""

    @cached_property
    def engines(self) -> frozenset[EngineName]:
        """The engines that its versions need."""
        return frozenset(artifact.engine for manifest in self.versions.values() for artifact in manifest.artifacts)

    @cached_property
    def answering(self) -> tuple[Manifest, ...]:
        """The versions that the pointer names."""
        return tuple(self.versions[version] for version in sorted(self.pointer.versions()))

    @cached_property
    def verbs(self) -> tuple[str, ...]:
        """The verbs by which TensorFlow Serving's clients call it: predict, and what its signatures' methods name."""
        methods = {
            signature.method_name.removeprefix(METHODS)
            for manifest in self.versions.values()
            for signature in manifest.signatures.values()
            if signature.method_name.startswith(METHODS)
        }
        return ("predict", *sorted(methods & {"classify", "regress"}))

    @cached_property
    def largest_version_bytes(self) -> int:
        """Bytes that serving its largest version reads."""
        return max(sum(entry.size for entry in manifest.engine_files()) for manifest in self.versions.values())


def read_repository(root: Path) -> tuple[PackagedModel, ...]:
    """Every model of a repository, sorted by name. Raises RepositoryError."""
    if not root.is_dir():
        raise RepositoryError(f"there is no directory {root}; package the models with `make models`")
    directories = sorted(path for path in root.iterdir() if (path / POINTER_FILE).is_file())
    if not directories:
        raise RepositoryError(f"{root} holds no packaged model; package the models with `make models`")
    return tuple(_read_model(directory) for directory in directories)


def _read_model(directory: Path) -> PackagedModel:
    if not MODEL_NAME.fullmatch(directory.name):
        raise RepositoryError(f"{directory.name!r} is not a valid name for a model; allowed is {MODEL_NAME.pattern}")
    try:
        pointer = parse_pointer((directory / POINTER_FILE).read_bytes())
        versions = {manifest.version: manifest for manifest in map(_read_version, _version_directories(directory))}
    except ManifestError as error:
        raise RepositoryError(f"{directory}: {error}") from None
    if absent := sorted(pointer.versions() - versions.keys()):
        raise RepositoryError(
            f"{directory / POINTER_FILE} names version {absent[0]}, but packaged are {sorted(versions) or 'none'}; "
            f"package the model again"
        )
    return PackagedModel(name=directory.name, directory=directory, pointer=pointer, versions=versions)


def _version_directories(directory: Path) -> list[Path]:
    """Finished versions, oldest first. A directory without a manifest is not finished."""
    found = [path for path in directory.iterdir() if path.name.isdecimal() and (path / MANIFEST_FILE).is_file()]
    return sorted(found, key=lambda path: int(path.name))


def _read_version(directory: Path) -> Manifest:
    manifest = parse_manifest((directory / MANIFEST_FILE).read_bytes())
    if (manifest.model, str(manifest.version)) != (directory.parent.name, directory.name):
        raise RepositoryError(
            f"{directory / MANIFEST_FILE} belongs to {manifest.model} version {manifest.version}; "
            f"package the model again"
        )
    for entry in manifest.files:
        path = directory / entry.path
        if not path.is_file() or path.stat().st_size != entry.size:
            raise RepositoryError(
                f"{path} is missing, or its size is not the {entry.size} bytes that {MANIFEST_FILE} states; "
                "package the model again"
            )
    return manifest
