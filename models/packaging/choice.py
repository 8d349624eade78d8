"""Which candidate serves a signature.

The rule, in words. Only candidates whose answers equal TensorFlow's within tolerance are considered. Each has a cost
in seconds: the processor time from the start of its process to its first answer (a cold start; unlike the time on the
clock, it does not grow with what else the machine does), plus 50 warm calls (what a function usually answers before it
is replaced is more, but the first caller feels the start), plus half a second for each GiB that stays resident (memory
is billed as time is). LiteRT is preferred, then a frozen graph, then the
SavedModel as it is; a less preferred one is taken only where its cost is less than 0.8 of the preferred one's, so
that noise does not decide between equals.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.manifest import ArtifactForm
from models.packaging.errors import PackagingError
from models.packaging.forms import NAMES, PREFERENCE
from models.packaging.trials import Trial

WARM_CALLS = 50
SECONDS_PER_GIB = 0.5
CLEARLY_BETTER = 0.8

Lost = Mapping[ArtifactForm, Mapping[str, str]]
"""For each form that was not chosen, the reason for each signature."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What serves a signature, and why the others do not."""

    trial: Trial
    lost: Mapping[ArtifactForm, str]
    """For each candidate that was not chosen, the reason."""


def cost(trial: Trial, signature: str) -> float:
    """Seconds, as the rule counts them."""
    report = trial.report
    return (
        report["first_answer_cpu_seconds"]
        + WARM_CALLS * report["signatures"][signature]["median_seconds"]
        + SECONDS_PER_GIB * report["resident_bytes"] / 2**30
    )


def choose(signature: str, trials: Mapping[ArtifactForm, Trial], not_built: Mapping[ArtifactForm, str]) -> Choice:
    """Apply the rule.

    Args:
        signature: the signature to serve.
        trials: what was tried for it.
        not_built: what could not be made, and why.

    Raises:
        PackagingError: no candidate answers as TensorFlow does; the message has each one's reason.
    """
    lost: dict[ArtifactForm, str] = dict(not_built)
    for form, trial in trials.items():
        if reason := trial.failure_of(signature):
            lost[form] = reason
    standing: list[ArtifactForm] = [form for form in PREFERENCE if form in trials and form not in lost]
    if not standing:
        reasons = "; ".join(f"{NAMES[form]}: {reason}" for form, reason in lost.items())
        raise PackagingError(f"no engine answers the signature {signature!r} as TensorFlow does. {reasons}")
    costs: dict[ArtifactForm, float] = {form: cost(trials[form], signature) for form in standing}
    best = standing[0]
    for form in standing[1:]:
        if costs[form] < CLEARLY_BETTER * costs[best]:
            best = form
    for form in standing:
        if form != best:
            lost[form] = f"costs {costs[form]:.2f} s where {NAMES[best]} costs {costs[best]:.2f} s"
    return Choice(trial=trials[best], lost=lost)


def by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """The signatures that each reason holds for, out of a reason for each signature."""
    found: dict[str, list[str]] = {}
    for signature, reason in reasons.items():
        found.setdefault(reason, []).append(signature)
    return found


def reason_for(trial: Trial, lost: Lost) -> str:
    """The choice in a sentence."""
    report = trial.report
    slowest = max(found["median_seconds"] for found in report["signatures"].values())
    chosen = (
        f"{NAMES[trial.candidate.form]} verified: first answer after {report['first_answer_seconds']:.2f} s, "
        f"{slowest * 1000:.2g} ms a call, {report['resident_bytes'] / 1e6:.0f} MB resident"
    )
    others = [
        ("" if len(names) == len(trial.candidate.signatures) else f"for {', '.join(names)}, ")
        + (f"{NAMES[form]} {reason}" if reason.startswith("costs") else f"{NAMES[form]} cannot: {reason}")
        for form, reasons in lost.items()
        for reason, names in by_reason(reasons).items()
    ]
    return "; ".join([chosen, *others])
