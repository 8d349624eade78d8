"""A packaged version in one line."""

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
    note = "   unchanged" if packaged.reused else ""
    return f"version {manifest.version}   {engines}   error {error:.0e}   {in_units(size)}{note}"
