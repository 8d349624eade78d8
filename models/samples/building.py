"""The sample models, from data to a model repository."""

from collections.abc import Sequence
from pathlib import Path

from models.packaging.options import PackageOptions
from models.packaging.package import Packaged, package
from models.packaging.repository import ModelRepository
from models.packaging.summary import summary_of
from models.progress import Progress
from models.samples.catalog import CatalogEntry
from models.samples.training import is_trained, read_metrics, train_entry


def build(entries: Sequence[CatalogEntry], exports: Path, root: Path, seed: int | None = None) -> None:
    """Train sample models into `exports` and package them into the repository at `root`.

    Keeps what is up to date. Raises TrainingError, PackagingError.

    All training precedes all packaging. TensorFlow numbers the functions of a process one after the other, so packaging
    in between would change the bytes of the next model, and with them its version.
    """
    train([entry for entry in entries if not is_trained(entry, exports, seed)], exports, seed)
    repository = ModelRepository(root)
    for entry in entries:
        with Progress(entry.name) as progress:
            packaged = _package(entry, exports, repository, progress)
            progress.done(f"{_metric(entry, exports)}   {summary_of(packaged)}")


def train(entries: Sequence[CatalogEntry], exports: Path, seed: int | None = None) -> None:
    """Train sample models into `exports`. Keeps what is up to date. Raises TrainingError."""
    for entry in entries:
        with Progress(entry.name) as progress:
            progress.say(f"learning {entry.summary}")
            trained = train_entry(entry, exports, seed)
            note = "" if trained else "   unchanged"
            progress.done(f"{_metric(entry, exports)}   trained: {entry.summary}{note}")


def _package(entry: CatalogEntry, exports: Path, repository: ModelRepository, progress: Progress) -> Packaged:
    """Package a trained sample model with its held-out examples as samples, and make the version current."""
    export = exports / entry.name
    options = PackageOptions(name=entry.name, samples=export / "test.npz", make_current=True)
    return package(export / "saved_model", repository, options, progress.say)


def _metric(entry: CatalogEntry, exports: Path) -> str:
    """The metric of a trained model, padded to one width."""
    metrics = read_metrics(entry, exports)
    name, value = metrics["metric"].replace("_", " "), metrics["value"]
    return f"{name} {value:.3f}".ljust(27) if value < 10 else f"{name} {value:.1f}".ljust(27)
