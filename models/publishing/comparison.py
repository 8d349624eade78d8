"""Comparison of two versions, by what their manifests say: signatures, sizes, latency, errors on samples."""

from collections.abc import Sequence
from typing import NamedTuple

from handlers.manifest import Manifest
from models.publishing.signature_changes import further_signatures, signature_changes
from models.publishing.tried_forms import measured_calls


class Figures(NamedTuple):
    """What packaging measured of a version. None stands for what was not measured."""

    engines: str
    size_bytes: int
    """What serving it reads."""
    memory_bytes: int
    latency_seconds: float | None
    """The fastest prediction by the default signature, on the machine that packaged it."""
    worst_relative_error: float | None
    """Against TensorFlow's answers to the samples, as a share of the output's scale."""
    samples: int | None


class Comparison(NamedTuple):
    """Two versions side by side."""

    changes: Sequence[str]
    """What callers of the first find otherwise in the second."""
    further: Sequence[str]
    """The signatures that only the second has."""
    before: Figures
    after: Figures


def compare(before: Manifest, after: Manifest) -> Comparison:
    """Two versions of a model."""
    return Comparison(
        changes=signature_changes(before, after),
        further=further_signatures(before, after),
        before=figures(before),
        after=figures(after),
    )


def figures(manifest: Manifest) -> Figures:
    """What packaging measured of a version."""
    signature = manifest.default_signature()
    default = manifest.artifact_for(signature)
    checks = [artifact.verification for artifact in manifest.artifacts if artifact.verification is not None]
    return Figures(
        engines=", ".join(f"{artifact.engine} ({artifact.form.replace('_', ' ')})" for artifact in manifest.artifacts),
        size_bytes=sum(entry.size for entry in manifest.engine_files()),
        memory_bytes=sum(artifact.memory_bytes for artifact in manifest.artifacts),
        latency_seconds=measured_calls(default.evidence).get(signature),
        worst_relative_error=max((check.worst_relative_error for check in checks), default=None),
        samples=max((check.samples for check in checks), default=None),
    )
