"""Trains the sample models of the catalog, and keeps those that are up to date."""

import hashlib
import importlib.util
import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from models.samples.catalog import CatalogEntry

FINGERPRINT_FILE = "fingerprint.txt"
METRICS_FILE = "metrics.json"
SHARED_MODULES = ("models.samples.trained", "models.saving")


class TrainingError(Exception):
    """A trained model is not good enough; the message has its metric and the catalog's bound."""


def train_entry(entry: CatalogEntry, exports: Path, seed: int | None = None) -> bool:
    """Train a model into `exports/<name>`. Returns False if the model there is up to date.

    A `seed` of its own for the random numbers gives the model other weights.

    Raises:
        TrainingError: the model misses the catalog's bound; the model that was there before stays.
    """
    directory, fingerprint = exports / entry.name, training_fingerprint(entry, seed)
    if is_trained(entry, exports, seed):
        return False
    import keras  # TensorFlow takes seconds to import

    from models.samples.trained import make_reproducible

    exports.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{entry.name}-", dir=exports) as name:
        fresh = Path(name) / entry.name
        fresh.mkdir()
        make_reproducible()
        if seed is not None:
            keras.utils.set_random_seed(seed)
        value = entry.train().export(fresh)
        if not entry.accepts(value):
            asked = f"at least {entry.at_least}" if entry.at_least is not None else f"at most {entry.at_most}"
            raise TrainingError(f"{entry.name} reaches {value:.4f} on its held-out set; the catalog asks for {asked}")
        (fresh / FINGERPRINT_FILE).write_text(fingerprint + "\n", encoding="ascii")
        shutil.rmtree(directory, ignore_errors=True)
        fresh.rename(directory)
    return True


def is_trained(entry: CatalogEntry, exports: Path, seed: int | None = None) -> bool:
    """Whether the model in `exports` came from today's trainer and libraries, and from this seed."""
    path = exports / entry.name / FINGERPRINT_FILE
    return path.is_file() and path.read_text(encoding="ascii").strip() == training_fingerprint(entry, seed)


def read_metrics(entry: CatalogEntry, exports: Path) -> dict[str, Any]:
    """`metric`, `value` and `test_examples` of a trained model."""
    return json.loads((exports / entry.name / METRICS_FILE).read_text(encoding="utf-8"))


def training_fingerprint(entry: CatalogEntry, seed: int | None = None) -> str:
    """SHA-256 over the trainer's source, the versions of its libraries, and a seed of its own."""
    digest = hashlib.sha256() if seed is None else hashlib.sha256(f"seed {seed}\n".encode())
    for module in (entry.trainer.partition(":")[0], *SHARED_MODULES):
        found = importlib.util.find_spec(module)
        if found is None or found.origin is None:
            raise TrainingError(f"[{entry.name}] has the trainer {entry.trainer!r}, but there is no module {module}")
        digest.update(Path(found.origin).read_bytes())
    for library in ("keras", "numpy", "scikit-learn"):
        digest.update(f"{entry.trainer} {library} {version(library)}\n".encode())
    return digest.hexdigest()
