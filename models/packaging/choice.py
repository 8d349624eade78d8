"""Chooses the candidate that serves a signature.

Only candidates whose answers equal TensorFlow's within tolerance are considered. LiteRT is preferred to ONNX Runtime,
that to a frozen graph, and a frozen graph to the SavedModel as it is. A less preferred form is chosen only if it costs
clearly less. Without a preference, ONNX Runtime is tried only where LiteRT cannot serve, or loses to another form
(`forms.SECOND_TO`).

What a candidate costs is a matter of the preference:

- none given: in seconds, the sum of the processor time from the start of its process to its first answer (a cold start;
  clock time would grow with the load of the machine), of 50 warm calls, each as long as the fastest (a function usually
  answers more before it is replaced, but the first caller waits for the start), and of half a second for each GiB of
  resident memory (Lambda bills memory like time). Clearly less is less than 0.8 of it, so that noise does not decide
  between equals.
- `cold`: the processor time of the cold start alone; less than 0.8.
- `warm`: the fastest of warm calls; less than 0.8.
- `memory`: the resident memory once all requests are answered; less than 0.95.
- `size`: the bytes of the files that serving reads; less.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from handlers.manifest import ArtifactForm
from models.packaging.errors import PackagingError
from models.packaging.forms import NAMES, PREFERENCE
from models.packaging.options import Preference
from models.packaging.trial_runner import Trial

WARM_CALLS = 50
SECONDS_PER_GIB = 0.5

RejectionReasons = Mapping[ArtifactForm, Mapping[str, str]]
"""For each rejected form, the reason by signature."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The form that serves one signature, and why the others do not."""

    trial: Trial
    rejected: Mapping[ArtifactForm, str]
    """For each other form, the reason."""


class _Rule(NamedTuple):
    """What a candidate costs for a signature."""

    cost: Callable[[Trial, str], float]
    clearly_less: float
    """The share of a more preferred form's cost below which a form takes its place."""
    shown: str
    """The cost in words, as a format."""


def _seconds(trial: Trial, signature: str) -> float:
    report = trial.report
    return (
        report.first_answer_cpu_seconds
        + WARM_CALLS * report.signatures[signature].fastest_seconds
        + SECONDS_PER_GIB * report.resident_bytes / 2**30
    )


_RULES: Mapping[Preference | None, _Rule] = {
    None: _Rule(_seconds, 0.8, "{:.2f} s"),
    "cold": _Rule(lambda trial, _: trial.report.first_answer_cpu_seconds, 0.8, "{:.3f} s of processor time at a start"),
    "warm": _Rule(
        lambda trial, signature: trial.report.signatures[signature].fastest_seconds * 1e3, 0.8, "{:.3g} ms a call"
    ),
    "memory": _Rule(lambda trial, _: trial.report.resident_bytes / 1e6, 0.95, "{:.0f} MB of memory"),
    "size": _Rule(lambda trial, _: trial.size, 1.0, "{:,} bytes"),
}
"""See the module."""


def choose(
    signature: str,
    trials: Mapping[ArtifactForm, Trial],
    not_built: Mapping[ArtifactForm, str],
    prefer: Preference | None = None,
) -> Choice:
    """Apply the rule of a preference.

    Args:
        signature: the signature to serve.
        trials: the forms that were tried for it.
        not_built: the forms that could not be built or tried, and why.
        prefer: what to save.

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
    rule = _RULES[prefer]
    costs: dict[ArtifactForm, float] = {form: rule.cost(trials[form], signature) for form in verified}
    best = verified[0]
    for form in verified[1:]:
        if costs[form] < rule.clearly_less * costs[best]:
            best = form
    for form in verified:
        if form != best:
            shown, least = rule.shown.format(costs[form]), rule.shown.format(costs[best])
            rejected[form] = f"costs {shown} where {NAMES[best]} costs {least}"
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
    slowest = max(calls.fastest_seconds for calls in report.signatures.values())
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
