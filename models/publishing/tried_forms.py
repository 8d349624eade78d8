"""The forms in which packaging tried to serve a signature: what each cost, and why it lost."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from handlers.manifest import Manifest


class TriedForm(NamedTuple):
    """A candidate. None stands for what was not measured, because it could not answer at all."""

    form: str
    reason: str
    """Why it does not serve the signature; empty for the one that does."""
    cold_seconds: float | None
    """Processor time from the start of a process to its first answer."""
    warm_seconds: float | None
    """The fastest of the calls that packaging made."""
    memory_bytes: int | None
    """Memory in RAM after all answers, the engine included."""
    size_bytes: int | None
    """The files that serving reads."""


def tried_forms(manifest: Manifest, signature: str) -> list[TriedForm]:
    """The form that serves a signature, then those that lost. Empty if packaging did not measure the version."""
    artifact = manifest.artifact_for(signature)
    if not artifact.evidence:
        return []
    lost: Mapping[str, Any] = artifact.evidence.get("lost", {})
    others = [
        _tried(form, signature, reason, evidence)
        for form, evidence in lost.items()
        if (reason := evidence.get("reasons", {}).get(signature)) is not None
    ]
    return [_tried(artifact.form, signature, "", artifact.evidence), *others]


def preference(manifest: Manifest, signature: str) -> str | None:
    """What packaging was asked to save when it chose the form of a signature; None if nothing."""
    return manifest.artifact_for(signature).evidence.get("prefer")


def measured_calls(evidence: Mapping[str, Any]) -> Mapping[str, float]:
    """Seconds of the fastest call, by signature; of versions that were packaged before it was kept, the median."""
    return evidence.get("fastest_seconds") or evidence.get("median_seconds", {})


def _tried(form: str, signature: str, reason: str, evidence: Mapping[str, Any]) -> TriedForm:
    warm = measured_calls(evidence).get(signature)
    measured = {} if warm is None else evidence  # else it was tried for other signatures alone
    return TriedForm(
        form=form,
        reason=reason,
        cold_seconds=measured.get("first_answer_cpu_seconds"),
        warm_seconds=warm,
        memory_bytes=measured.get("resident_bytes"),
        size_bytes=measured.get("size_bytes"),
    )
