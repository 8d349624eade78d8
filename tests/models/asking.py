"""Reads and asks packaged versions as a function would."""

from pathlib import Path

from handlers.manifest import MANIFEST_FILE, POINTER_FILE, Manifest
from handlers.manifest_reading import parse_manifest, parse_pointer
from handlers.serving import engines
from models.packaging.repository import ModelRepository


def answer(repository: ModelRepository, manifest: Manifest, signature: str, inputs):
    """The answer of a packaged version."""
    directory = repository.root / manifest.model / str(manifest.version)
    model = engines.load(directory, manifest.artifact_for(signature), manifest.signatures, 2)
    try:
        return model.run(signature, inputs)
    finally:
        model.close()


def current_manifest(root: Path, model: str) -> Manifest:
    """The manifest of the version that a model's pointer names."""
    version = parse_pointer((root / model / POINTER_FILE).read_bytes()).version
    return parse_manifest((root / model / str(version) / MANIFEST_FILE).read_bytes())
