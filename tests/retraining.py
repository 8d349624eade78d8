"""A further version of a packaged model that differs from the others, as after another training."""

from pathlib import Path

from handlers.manifest import MANIFEST_FILE, parse_manifest
from local.publishing import add_version


def add_retrained(model: Path, like: int, version: int) -> None:
    """Add a version with another version's files, and a fingerprint of its own."""
    add_version(model, like, version)
    file = model / str(version) / MANIFEST_FILE
    manifest = parse_manifest(file.read_bytes())
    file.write_text(manifest._replace(fingerprint=f"{manifest.fingerprint}-{version}").to_json())
