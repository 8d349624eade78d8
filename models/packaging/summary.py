"""A packaged version in one line."""

from handlers.manifest import Manifest
from models.packaging.judgement import UNLIKE_TENSORFLOW
from models.packaging.package import Packaged
from models.progress import in_units


def summary_of(packaged: Packaged) -> str:
    """The version's number, its engines, the worst error, and the size; `unchanged` if the version existed before."""
    manifest = packaged.manifest
    engines = ", ".join(
        f"{artifact.engine} ({artifact.form.replace('_', ' ')})"
        + ("" if len(manifest.artifacts) == 1 else f" for {' '.join(artifact.signatures)}")
        for artifact in manifest.artifacts
    )
    checks = [artifact.verification for artifact in manifest.artifacts if artifact.verification is not None]
    error = max((check.worst_relative_error for check in checks), default=0.0)
    size = sum(entry.size for artifact in manifest.artifacts for entry in manifest.files_of(artifact))
    if manifest.code is not None:
        engines += f"   code tried on {manifest.code.samples} requests"
    note = "   unchanged" if packaged.reused else ""
    return f"version {manifest.version}   {engines}   error {error:.0e}   {in_units(size)}{note}"


def notes_of(manifest: Manifest) -> list[str]:
    """Where the version's engines differ from TensorFlow and may, for people: a note a signature and cause."""
    return [
        f"on {note}" if len(manifest.signatures) == 1 else f"{signature} on {note}"
        for artifact in manifest.artifacts
        for signature, notes in artifact.evidence.get(UNLIKE_TENSORFLOW, {}).items()
        for note in notes
    ]
