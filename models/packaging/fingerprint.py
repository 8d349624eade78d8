"""The fingerprint of a version: equal for equal models, options and tools."""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from models.packaging.errors import PackagingError
from models.packaging.options import PackageOptions
from models.packaging.sources import Source

RECIPE = 3
"""The version of packaging itself; increase it when the same model gives other files."""


def tool_versions() -> dict[str, str]:
    """Names and versions of the tools that make a version's files."""
    return {
        "tensorflow": _tensorflow_version(),
        "ai-edge-litert": version("ai-edge-litert"),
        "numpy": version("numpy"),
        "recipe": str(RECIPE),
    }


def _tensorflow_version() -> str:
    """TensorFlow's version, without importing it, which takes seconds."""
    try:
        return version("tensorflow-cpu")
    except PackageNotFoundError:
        return version("tensorflow")


def fingerprint_of(source: Source, options: PackageOptions) -> str:
    """SHA-256 over the model's content, the options that change the files, and the tools.

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
