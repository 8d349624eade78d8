"""What makes two packagings the same."""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from models.packaging.errors import PackagingError
from models.packaging.options import PackageOptions
from models.packaging.sources import Source

RECIPE = 3
"""Counts the changes to packaging after which the same model gives other files."""


def tool_versions() -> dict[str, str]:
    """Name and version of what makes the files."""
    return {
        "tensorflow": _tensorflow_version(),
        "ai-edge-litert": version("ai-edge-litert"),
        "numpy": version("numpy"),
        "recipe": str(RECIPE),
    }


def _tensorflow_version() -> str:
    """TensorFlow's version, without the seconds that importing it takes."""
    try:
        return version("tensorflow-cpu")
    except PackageNotFoundError:
        return version("tensorflow")


def fingerprint_of(source: Source, options: PackageOptions) -> str:
    """SHA-256 over the model's content, what was asked of the result, and the tools.

    Raises PackagingError if the samples cannot be read.
    """
    facts = {
        "source": source.digest,
        "forms": list(options.forms),
        "tolerance": options.tolerance,
        "samples": _digest(options.samples) if options.samples else None,
        "allowed": sorted(options.allowed_operations),
        "tools": tool_versions(),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _digest(samples: Path) -> str:
    try:
        return hashlib.sha256(samples.read_bytes()).hexdigest()
    except OSError as error:
        raise PackagingError(
            f"the samples {samples} cannot be read ({error.strerror}); give an .npz file with an array for each input"
        ) from None
