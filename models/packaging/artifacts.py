"""From candidates to artifacts: build, try, choose, and try again what was chosen."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from handlers.manifest import Artifact, ArtifactForm, Signature, Verification
from models.packaging.candidates import Candidate, NotBuilt, build_candidate
from models.packaging.choice import choose, reason_for
from models.packaging.comparison import allowed_error
from models.packaging.forms import NAMES, PREFERENCE
from models.packaging.trials import Exchange, Trial, try_candidate

Exchanges = Mapping[str, Exchange]
Signatures = Mapping[str, Signature]
NotBuiltReasons = dict[ArtifactForm, dict[str, str]]
"""Per form and signature, why the form cannot be made."""


def build_artifacts(
    directory: Path,
    signatures: Signatures,
    exchanges: Exchanges,
    forms: Sequence[ArtifactForm],
    tolerance: float | None,
    say: Callable[[str], None],
) -> list[Artifact]:
    """The artifacts that serve all signatures, each as it was tried.

    Args:
        directory: the version's directory, with the source laid out in it; the artifacts' files are written there.
        signatures: what must be served.
        exchanges: requests and TensorFlow's answers, for each signature.
        forms: the forms to try.
        tolerance: see `compare`.
        say: progress.

    Raises:
        PackagingError: a signature that no form serves.
    """
    trials: dict[ArtifactForm, Trial] = {}
    reasons: NotBuiltReasons = {form: {} for form in forms}
    for form in forms:
        say(f"building {NAMES[form]}")
        candidate = _build(form, directory, signatures, reasons[form])
        if candidate is not None:
            say(f"trying {NAMES[form]}")
            trials[form] = try_candidate(candidate, directory, signatures, exchanges, tolerance)
    groups: dict[ArtifactForm, list[str]] = {}
    lost: dict[ArtifactForm, dict[ArtifactForm, str]] = {}
    for name in signatures:
        tried: dict[ArtifactForm, Trial] = {
            form: trial for form, trial in trials.items() if name in trial.candidate.signatures
        }
        not_built: dict[ArtifactForm, str] = {f: found[name] for f, found in reasons.items() if name in found}
        choice = choose(name, tried, not_built)
        form = choice.trial.candidate.form
        groups.setdefault(form, []).append(name)
        lost.setdefault(form, {}).update(choice.lost)
    artifacts: list[Artifact] = []
    for form in sorted(groups, key=PREFERENCE.index):
        names, final = groups[form], trials[form]
        if tuple(names) != final.candidate.signatures:
            say(f"trying {NAMES[form]} for {', '.join(names)} alone")
            chosen = {name: signatures[name] for name in names}
            candidate = build_candidate(form, directory, chosen)
            final = try_candidate(candidate, directory, signatures, exchanges, tolerance)
            for name in names:
                choose(name, {form: final}, {})
        artifacts.append(_artifact(final, lost[form], trials, signatures, exchanges, tolerance))
    return artifacts


def _build(form: ArtifactForm, directory: Path, signatures: Signatures, reasons: dict[str, str]) -> Candidate | None:
    """One candidate for as many signatures as it can serve; why not the others goes to `reasons`."""
    try:
        return build_candidate(form, directory, signatures)
    except NotBuilt as error:
        if len(signatures) == 1:
            reasons |= dict.fromkeys(signatures, str(error))
            return None
    possible: dict[str, Signature] = {}
    for name, signature in signatures.items():
        try:
            build_candidate(form, directory, {name: signature})
            possible[name] = signature
        except NotBuilt as error:
            reasons[name] = str(error)
    try:
        return build_candidate(form, directory, possible) if possible else None
    except NotBuilt as error:
        reasons |= dict.fromkeys(possible, str(error))
        return None


def _artifact(
    trial: Trial,
    lost: Mapping[ArtifactForm, str],
    trials: Mapping[ArtifactForm, Trial],
    signatures: Signatures,
    exchanges: Exchanges,
    tolerance: float | None,
) -> Artifact:
    candidate = trial.candidate
    return Artifact(
        engine=candidate.engine,
        form=candidate.form,
        signatures=candidate.signatures,
        files=candidate.files,
        memory_bytes=max(int(trial.report["memory_bytes"]), trial.size),
        reason=reason_for(trial, lost),
        verification=_verification(trial, signatures, exchanges, tolerance),
        evidence=trial.measured() | {"lost": {form: _loser(reason, trials.get(form)) for form, reason in lost.items()}},
    )


def _loser(reason: str, trial: Trial | None) -> dict[str, Any]:
    return {"reason": reason} | (trial.measured() if trial else {})


def _verification(trial: Trial, signatures: Signatures, exchanges: Exchanges, tolerance: float | None) -> Verification:
    names = trial.candidate.signatures
    dtypes = [spec.dtype for name in names for spec in signatures[name].outputs.values()]
    return Verification(
        samples=sum(exchanges[name].samples for name in names),
        tolerance=max(allowed_error(dtype, tolerance) for dtype in dtypes),
        worst_absolute_error=max(trial.differences[name].absolute for name in names),
        worst_relative_error=max(trial.differences[name].relative for name in names),
    )
