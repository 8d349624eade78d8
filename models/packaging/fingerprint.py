"""The fingerprint of a version: equal for equal models, options and tools."""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from models.packaging.code.files import digest_code
from models.packaging.options import PackageOptions
from models.packaging.requests.sample_files import digest_samples
from models.packaging.sources import Source

RECIPE = 8
"""The version of packaging itself; increase it when the same model gives other files."""


def tool_versions() -> dict[str, str]:
    """Names and versions of the tools that make a version's files."""
    return {
        "tensorflow": _tensorflow_version(),
        "ai-edge-litert": version("ai-edge-litert"),
        "onnxruntime": version("onnxruntime"),
        "tf2onnx": version("tf2onnx"),
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

    Raises PackagingError if the samples or the code cannot be read.
    """
    facts: dict[str, Any] = {
        "source": source.digest,
        "forms": list(options.forms),
        "tolerance": options.tolerance,
        "strict": options.strict,
        "samples": digest_samples(options.samples) if options.samples else None,
        "allowed": sorted(options.allowed_operations),
        "imports": sorted(options.imports),
        "tools": tool_versions(),
    }
    if options.prefer is not None:
        facts["prefer"] = options.prefer
    if options.code is not None:
        facts["code"] = digest_code(options.code)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
