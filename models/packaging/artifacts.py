"""Builds the artifacts of a version: builds and tries each form, chooses for each signature, tries the choice again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.manifest import Artifact, ArtifactForm, Signature, Verification
from models.packaging.candidates import NotBuilt, build_candidate
from models.packaging.choice import RejectionReasons, choose, reason_for
from models.packaging.comparison import allowed_error
from models.packaging.errors import PackagingError
from models.packaging.forms import NAMES, PREFERENCE, SECOND_TO
from models.packaging.judgement import UNLIKE_TENSORFLOW, Rules
from models.packaging.options import Preference
from models.packaging.requests.exchange import Exchange
from models.packaging.trial_runner import Trial, TrialFailed, try_candidate
from models.progress import Say

Exchanges = Mapping[str, Exchange]
Signatures = Mapping[str, Signature]
UNUSABLE = (NotBuilt, TrialFailed)


@dataclass(frozen=True, kw_only=True)
class CandidateTester:
    """Builds candidates and tries them."""

    directory: Path
    """The version's directory, which holds the source; candidates are built here."""
    signatures: Signatures
    """The signatures to serve."""
    exchanges: Exchanges
    """Requests and TensorFlow's answers, for each signature."""
    rules: Rules
    """What counts as the same answer."""

    def test(self, form: ArtifactForm, names: Sequence[str]) -> Trial:
        """Build one form for these signatures and try it. Raises NotBuilt, TrialFailed."""
        candidate = build_candidate(form, self.directory, {name: self.signatures[name] for name in names})
        return try_candidate(candidate, self.directory, self.signatures, self.exchanges, self.rules)

    def test_for_most(self, form: ArtifactForm, names: Sequence[str]) -> tuple[Trial | None, Mapping[str, str]]:
        """Build and try one form for as many of these signatures as it can serve; the reason for each other."""
        try:
            return self.test(form, names), {}
        except UNUSABLE as error:
            if len(names) == 1:
                return None, dict.fromkeys(names, str(error))
        reasons = {name: reason for name in names if (reason := self._failure(form, name))}
        possible = [name for name in names if name not in reasons]
        try:
            return self.test(form, possible) if possible else None, reasons
        except UNUSABLE as error:
            return None, reasons | dict.fromkeys(possible, str(error))

    def _failure(self, form: ArtifactForm, name: str) -> str:
        """Why a form cannot serve one signature; empty if it can."""
        try:
            self.test(form, [name])
        except UNUSABLE as error:
            return str(error)
        return ""


def build_artifacts(
    directory: Path,
    signatures: Signatures,
    exchanges: Exchanges,
    forms: Sequence[ArtifactForm],
    rules: Rules,
    prefer: Preference | None,
    say: Say,
) -> list[Artifact]:
    """Build the artifacts that together serve all signatures. Each was tried exactly as it is.

    Args:
        directory: the version's directory, which holds the source; the artifacts' files are written here.
        signatures: the signatures to serve.
        exchanges: requests and TensorFlow's answers, for each signature.
        forms: the forms to try.
        rules: what counts as the same answer.
        prefer: what to save, see `choice`.
        say: reports progress.

    Raises:
        PackagingError: no form serves some signature.
    """
    tester = CandidateTester(directory=directory, signatures=signatures, exchanges=exchanges, rules=rules)
    trials: dict[ArtifactForm, Trial] = {}
    failures: dict[ArtifactForm, Mapping[str, str]] = {}
    for form in forms:
        names = list(signatures) if prefer else _left_for(form, signatures, trials)
        if not names:
            continue
        say(f"building and trying {NAMES[form]}")
        trial, failures[form] = tester.test_for_most(form, names)
        if trial is not None:
            trials[form] = trial
    groups, rejected = _choose_all(signatures, trials, failures, prefer)
    for form in forms:
        tried = trials[form].candidate.signatures if form in trials else ()
        if left := _left_after(form, groups).difference(tried, failures.get(form, {})):
            say(f"building and trying {NAMES[form]}")
            trial, failed = tester.test_for_most(form, [name for name in signatures if name in {*tried, *left}])
            if trial is None and tried:  # not all together; what was tried first was written over
                trial, again = tester.test_for_most(form, tried)
                failed = {**{name: reason for name, reason in failed.items() if name in left}, **again}
            failures[form] = {**failures.get(form, {}), **failed}
            if trial is not None:
                trials[form] = trial
            else:
                trials.pop(form, None)
            groups, rejected = _choose_all(signatures, trials, failures, prefer)
    artifacts: list[Artifact] = []
    for form in sorted(groups, key=PREFERENCE.index):
        names, final = groups[form], trials[form]
        if tuple(names) != final.candidate.signatures:
            say(f"trying {NAMES[form]} for {', '.join(names)} alone")
            final = _test_alone(tester, form, names)
        artifacts.append(_artifact(final, rejected.get(form, {}), trials, tester, prefer))
    return artifacts


def _left_for(form: ArtifactForm, signatures: Signatures, trials: Mapping[ArtifactForm, Trial]) -> Sequence[str]:
    """The signatures that a form is tried for: those that the form which it is second to cannot serve."""
    first = trials.get(SECOND_TO[form]) if form in SECOND_TO else None
    if first is None:
        return list(signatures)
    return [name for name in signatures if name not in first.candidate.signatures or first.failure_of(name)]


def _left_after(form: ArtifactForm, groups: Mapping[ArtifactForm, Sequence[str]]) -> frozenset[str]:
    """The signatures that a form is tried for after all: those that went to another form than the one it is second
    to."""
    others = groups.keys() - {form, SECOND_TO[form]} if form in SECOND_TO else ()
    return frozenset(name for other in others for name in groups[other])


def _choose_all(
    signatures: Signatures,
    trials: Mapping[ArtifactForm, Trial],
    failures: Mapping[ArtifactForm, Mapping[str, str]],
    prefer: Preference | None,
) -> tuple[Mapping[ArtifactForm, list[str]], Mapping[ArtifactForm, RejectionReasons]]:
    """The signatures that each chosen form serves, and the reasons against the others. Raises PackagingError."""
    groups: dict[ArtifactForm, list[str]] = {}
    rejected: dict[ArtifactForm, dict[ArtifactForm, dict[str, str]]] = {}
    for name in signatures:
        tried: dict[ArtifactForm, Trial] = {
            form: trial for form, trial in trials.items() if name in trial.candidate.signatures
        }
        failed: dict[ArtifactForm, str] = {form: found[name] for form, found in failures.items() if name in found}
        choice = choose(name, tried, failed, prefer)
        chosen = choice.trial.candidate.form
        groups.setdefault(chosen, []).append(name)
        for form, reason in choice.rejected.items():
            rejected.setdefault(chosen, {}).setdefault(form, {})[name] = reason
    return groups, rejected


def _test_alone(tester: CandidateTester, form: ArtifactForm, names: Sequence[str]) -> Trial:
    """Build and try a form for the signatures that it was chosen for. Raises PackagingError if it fails now."""
    try:
        trial = tester.test(form, names)
    except UNUSABLE as error:
        raise PackagingError(f"{NAMES[form]} for {', '.join(names)} alone cannot be made: {error}") from error
    for name in names:
        choose(name, {form: trial}, {})
    return trial


def _artifact(
    trial: Trial,
    rejected: RejectionReasons,
    trials: Mapping[ArtifactForm, Trial],
    tester: CandidateTester,
    prefer: Preference | None,
) -> Artifact:
    candidate = trial.candidate
    return Artifact(
        engine=candidate.engine,
        form=candidate.form,
        signatures=candidate.signatures,
        files=candidate.files,
        memory_bytes=max(trial.report.memory_bytes, trial.size),
        call_memory=trial.call_memory,
        reason=reason_for(trial, rejected),
        verification=_verification(trial, tester.signatures, tester.exchanges, tester.rules.tolerance),
        evidence=trial.measured()
        | {"lost": {form: _evidence_against(reasons, trials.get(form)) for form, reasons in rejected.items()}}
        | {
            UNLIKE_TENSORFLOW: {
                name: list(trial.verdicts[name].notes) for name in candidate.signatures if trial.verdicts[name].notes
            }
        }
        | ({} if prefer is None else {"prefer": prefer}),
    )


def _evidence_against(reasons: Mapping[str, str], trial: Trial | None) -> dict[str, Any]:
    """The reasons against a form, by signature, and its measurements if it was tried."""
    return {"reasons": dict(reasons)} | (trial.measured() if trial else {})


def _verification(trial: Trial, signatures: Signatures, exchanges: Exchanges, tolerance: float | None) -> Verification:
    names = trial.candidate.signatures
    dtypes = [spec.dtype for name in names for spec in signatures[name].outputs.values()]
    return Verification(
        samples=sum(exchanges[name].samples for name in names),
        tolerance=max(allowed_error(dtype, tolerance) for dtype in dtypes),
        worst_absolute_error=max(trial.verdicts[name].difference.absolute for name in names),
        worst_relative_error=max(trial.verdicts[name].difference.relative for name in names),
    )
