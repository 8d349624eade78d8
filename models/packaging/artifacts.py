"""From candidates to artifacts: build, try, choose, and try again what was chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.manifest import Artifact, ArtifactForm, Signature, Verification
from models.packaging.candidates import NotBuilt, build_candidate
from models.packaging.choice import Lost, choose, reason_for
from models.packaging.comparison import allowed_error
from models.packaging.errors import PackagingError
from models.packaging.forms import NAMES, PREFERENCE
from models.packaging.trials import Exchange, Trial, TrialFailed, try_candidate
from models.progress import Say

Exchanges = Mapping[str, Exchange]
Signatures = Mapping[str, Signature]
UNUSABLE = (NotBuilt, TrialFailed)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where candidates are built and tried, and against what."""

    directory: Path
    """The version's, with the source laid out in it; the artifacts' files are written there."""
    signatures: Signatures
    """What must be served."""
    exchanges: Exchanges
    """Requests and TensorFlow's answers, for each signature."""
    tolerance: float | None
    """See `compare`."""

    def make(self, form: ArtifactForm, names: Sequence[str]) -> Trial:
        """Build one form for these signatures and try it. Raises NotBuilt or TrialFailed."""
        candidate = build_candidate(form, self.directory, {name: self.signatures[name] for name in names})
        return try_candidate(candidate, self.directory, self.signatures, self.exchanges, self.tolerance)

    def make_for_most(self, form: ArtifactForm) -> tuple[Trial | None, Mapping[str, str]]:
        """One form for as many signatures as it can serve, and the reason for each that it cannot."""
        try:
            return self.make(form, list(self.signatures)), {}
        except UNUSABLE as error:
            if len(self.signatures) == 1:
                return None, dict.fromkeys(self.signatures, str(error))
        reasons = {name: reason for name in self.signatures if (reason := self._failure(form, name))}
        possible = [name for name in self.signatures if name not in reasons]
        try:
            return self.make(form, possible) if possible else None, reasons
        except UNUSABLE as error:
            return None, reasons | dict.fromkeys(possible, str(error))

    def _failure(self, form: ArtifactForm, name: str) -> str:
        """Why a form cannot serve one signature; empty where it can."""
        try:
            self.make(form, [name])
        except UNUSABLE as error:
            return str(error)
        return ""


def build_artifacts(
    directory: Path,
    signatures: Signatures,
    exchanges: Exchanges,
    forms: Sequence[ArtifactForm],
    tolerance: float | None,
    say: Say,
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
    bench = Bench(directory=directory, signatures=signatures, exchanges=exchanges, tolerance=tolerance)
    trials: dict[ArtifactForm, Trial] = {}
    reasons: dict[ArtifactForm, Mapping[str, str]] = {}
    for form in forms:
        say(f"building and trying {NAMES[form]}")
        trial, reasons[form] = bench.make_for_most(form)
        if trial is not None:
            trials[form] = trial
    groups: dict[ArtifactForm, list[str]] = {}
    lost: dict[ArtifactForm, dict[ArtifactForm, dict[str, str]]] = {}
    for name in signatures:
        tried: dict[ArtifactForm, Trial] = {
            form: trial for form, trial in trials.items() if name in trial.candidate.signatures
        }
        failed: dict[ArtifactForm, str] = {form: found[name] for form, found in reasons.items() if name in found}
        choice = choose(name, tried, failed)
        form = choice.trial.candidate.form
        groups.setdefault(form, []).append(name)
        for loser, reason in choice.lost.items():
            lost.setdefault(form, {}).setdefault(loser, {})[name] = reason
    artifacts: list[Artifact] = []
    for form in sorted(groups, key=PREFERENCE.index):
        names, final = groups[form], trials[form]
        if tuple(names) != final.candidate.signatures:
            say(f"trying {NAMES[form]} for {', '.join(names)} alone")
            final = _make_alone(bench, form, names)
        artifacts.append(_artifact(final, lost.get(form, {}), trials, bench))
    return artifacts


def _make_alone(bench: Bench, form: ArtifactForm, names: Sequence[str]) -> Trial:
    """A form for the signatures that it was chosen for. Raises PackagingError if it serves them no more."""
    try:
        trial = bench.make(form, names)
    except UNUSABLE as error:
        raise PackagingError(f"{NAMES[form]} for {', '.join(names)} alone cannot be made: {error}") from error
    for name in names:
        choose(name, {form: trial}, {})
    return trial


def _artifact(trial: Trial, lost: Lost, trials: Mapping[ArtifactForm, Trial], bench: Bench) -> Artifact:
    candidate = trial.candidate
    return Artifact(
        engine=candidate.engine,
        form=candidate.form,
        signatures=candidate.signatures,
        files=candidate.files,
        memory_bytes=max(int(trial.report["memory_bytes"]), trial.size),
        reason=reason_for(trial, lost),
        verification=_verification(trial, bench.signatures, bench.exchanges, bench.tolerance),
        evidence=trial.measured()
        | {"lost": {form: _loser(reasons, trials.get(form)) for form, reasons in lost.items()}},
    )


def _loser(reasons: Mapping[str, str], trial: Trial | None) -> dict[str, Any]:
    return {"reasons": dict(reasons)} | (trial.measured() if trial else {})


def _verification(trial: Trial, signatures: Signatures, exchanges: Exchanges, tolerance: float | None) -> Verification:
    names = trial.candidate.signatures
    dtypes = [spec.dtype for name in names for spec in signatures[name].outputs.values()]
    return Verification(
        samples=sum(exchanges[name].samples for name in names),
        tolerance=max(allowed_error(dtype, tolerance) for dtype in dtypes),
        worst_absolute_error=max(trial.differences[name].absolute for name in names),
        worst_relative_error=max(trial.differences[name].relative for name in names),
    )
