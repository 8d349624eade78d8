"""The sample models, from data to a model repository."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from models.catalog import CatalogEntry
from models.packaging.package import Packaged, PackageOptions, package
from models.packaging.repository import ModelRepository
from models.progress import Progress, in_units
from models.samples.training import is_trained, read_metrics, train_entry

BUILD = Path(__file__).resolve().parents[1] / "build"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things are built."""

    exports: Path = BUILD / "exports"
    repository: Path = BUILD / "repository"
    third_party: ClassVar[Path] = BUILD / "third_party"


def build(entries: Sequence[CatalogEntry], places: Places) -> None:
    """Train, then package, re-using what is there. Raises TrainingError, PackagingError.

    Training comes first for all, so that a model's bytes, and with them its version, do not depend on whether
    another was packaged in between: TensorFlow numbers the functions of a process one after the other.
    """
    stale = [entry for entry in entries if not is_trained(entry, places.exports)]
    train(stale, places)
    repository = ModelRepository(places.repository)
    for entry in entries:
        with Progress(entry.name) as progress:
            packaged = package_entry(entry, places, repository, progress)
            note = "   unchanged" if packaged.reused else ""
            progress.done(f"{describe_metric(entry, places.exports)}   {describe(packaged)}{note}")


def train(entries: Sequence[CatalogEntry], places: Places) -> None:
    """Train, re-using what is there. Raises TrainingError."""
    for entry in entries:
        with Progress(entry.name) as progress:
            progress.say(f"learning {entry.summary}")
            trained = train_entry(entry, places.exports)
            note = "" if trained else "   unchanged"
            progress.done(f"{describe_metric(entry, places.exports)}   trained: {entry.summary}{note}")


def package_entry(entry: CatalogEntry, places: Places, repository: ModelRepository, progress: Progress) -> Packaged:
    """Package a trained sample model on its held-out set; what was built last is what answers."""
    export = places.exports / entry.name
    options = PackageOptions(name=entry.name, samples=export / "test.npz", make_current=True)
    return package(export / "saved_model", repository, options, progress.say)


def describe_metric(entry: CatalogEntry, exports: Path) -> str:
    """How good a trained model is, of a fixed width."""
    metrics = read_metrics(entry, exports)
    name, value = metrics["metric"].replace("_", " "), metrics["value"]
    return f"{name} {value:.3f}".ljust(27) if value < 10 else f"{name} {value:.1f}".ljust(27)


def describe(packaged: Packaged) -> str:
    """What a packaged version is served by: engines, worst error, size."""
    manifest = packaged.manifest
    engines = ", ".join(
        f"{artifact.engine} ({artifact.form.replace('_', ' ')})"
        + ("" if len(manifest.artifacts) == 1 else f" for {' '.join(artifact.signatures)}")
        for artifact in manifest.artifacts
    )
    checks = [artifact.verification for artifact in manifest.artifacts if artifact.verification is not None]
    error = max((check.worst_relative_error for check in checks), default=0.0)
    size = sum(entry.size for artifact in manifest.artifacts for entry in manifest.files_of(artifact))
    return f"version {manifest.version}   {engines}   error {error:.0e}   {in_units(size)}"
