"""Chooses the candidate that serves a signature.

The rule: only candidates whose answers equal TensorFlow's within tolerance are considered. The cost of a candidate, in
seconds, is the sum of

- the processor time from the start of its process to its first answer: a cold start. Clock time would grow with the
  load of the machine.
- 50 warm calls. A function usually answers more before it is replaced, but the first caller waits for the start.
- half a second for each GiB of resident memory, because Lambda bills memory like time.

LiteRT is preferred to a frozen graph, and a frozen graph to the SavedModel as it is. A less preferred form is chosen
only if it costs less than 0.8 of the preferred one, so that noise does not decide between equals.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.manifest import ArtifactForm
from models.packaging.errors import PackagingError
from models.packaging.forms import NAMES, PREFERENCE
from models.packaging.trial_runner import Trial

WARM_CALLS = 50
SECONDS_PER_GIB = 0.5
CLEARLY_BETTER = 0.8

RejectionReasons = Mapping[ArtifactForm, Mapping[str, str]]
"""For each rejected form, the reason by signature."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The form that serves one signature, and why the others do not."""

    trial: Trial
    rejected: Mapping[ArtifactForm, str]
    """For each other form, the reason."""


def cost(trial: Trial, signature: str) -> float:
    """The cost of serving a signature, in seconds."""
    report = trial.report
    return (
        report.first_answer_cpu_seconds
        + WARM_CALLS * report.signatures[signature].median_seconds
        + SECONDS_PER_GIB * report.resident_bytes / 2**30
    )


def choose(signature: str, trials: Mapping[ArtifactForm, Trial], not_built: Mapping[ArtifactForm, str]) -> Choice:
    """Apply the rule.

    Args:
        signature: the signature to serve.
        trials: the forms that were tried for it.
        not_built: the forms that could not be built or tried, and why.

    Raises:
        PackagingError: no candidate gives TensorFlow's answers; the message has the reason for each.
    """
    rejected: dict[ArtifactForm, str] = dict(not_built)
    for form, trial in trials.items():
        if reason := trial.failure_of(signature):
            rejected[form] = reason
    verified: list[ArtifactForm] = [form for form in PREFERENCE if form in trials and form not in rejected]
    if not verified:
        reasons = "; ".join(f"{NAMES[form]}: {reason}" for form, reason in rejected.items())
        raise PackagingError(f"no engine answers the signature {signature!r} as TensorFlow does. {reasons}")
    costs: dict[ArtifactForm, float] = {form: cost(trials[form], signature) for form in verified}
    best = verified[0]
    for form in verified[1:]:
        if costs[form] < CLEARLY_BETTER * costs[best]:
            best = form
    for form in verified:
        if form != best:
            rejected[form] = f"costs {costs[form]:.2f} s where {NAMES[best]} costs {costs[best]:.2f} s"
    return Choice(trial=trials[best], rejected=rejected)


def signatures_by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """The signatures that share each reason, from the reason by signature."""
    found: dict[str, list[str]] = {}
    for signature, reason in reasons.items():
        found.setdefault(reason, []).append(signature)
    return found


def reason_for(trial: Trial, rejected: RejectionReasons) -> str:
    """Why a form was chosen, in one sentence."""
    report = trial.report
    slowest = max(calls.median_seconds for calls in report.signatures.values())
    chosen = (
        f"{NAMES[trial.candidate.form]} verified: first answer after {report.first_answer_seconds:.2f} s, "
        f"{slowest * 1000:.2g} ms a call, {report.resident_bytes / 1e6:.0f} MB resident"
    )
    others = [
        ("" if len(names) == len(trial.candidate.signatures) else f"for {', '.join(names)}, ")
        + (f"{NAMES[form]} {reason}" if reason.startswith("costs") else f"{NAMES[form]} cannot: {reason}")
        for form, reasons in rejected.items()
        for reason, names in signatures_by_reason(reasons).items()
    ]
    return "; ".join([chosen, *others])
