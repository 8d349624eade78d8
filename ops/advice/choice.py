"""Choice: the recommendation: the cheapest option that meets the wishes, why, and where it tips."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from local.shapes import Storage
from ops.advice.estimate import Estimate
from ops.advice.figures import Figures
from ops.advice.options import CONCURRENCIES, Option, Workload
from ops.advice.timing import needs_deployment
from ops.prices import PriceList

SAME_SHARE, SAME_USD = 0.02, 0.05
"""Options whose costs differ by less are alike: then the one with fewer parts is chosen."""

FEWER_PARTS: Sequence[Storage] = ("s3", "image", "s3files", "efs")
"""Storages by what they need: nothing but a bucket; a build; a network; a network and a copy."""
assert set(FEWER_PARTS) == set(get_args(Storage))  # noqa: S101 a storage that is added must be put into the order


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is recommended."""

    best: Estimate | None
    """None if no option meets the wishes."""
    reason: str
    tips: Sequence[str]
    """Where another option would be better."""


def choose(results: Mapping[Option, Estimate | str], workload: Workload, prices: PriceList, figures: Figures) -> Choice:
    """Recommend one of the options that were estimated; text says why an option is ruled out."""
    estimates = [each for each in results.values() if isinstance(each, Estimate)]
    meeting = [each for each in estimates if each.misses(workload) is None]
    if not meeting:
        return Choice(best=None, reason=_none_meets(estimates, workload), tips=())
    best = _simplest(meeting)
    reason = _reason(best, estimates, workload)
    return Choice(best=best, reason=reason, tips=list(_tips(best, estimates, workload, prices, figures)))


def _simplest(meeting: Sequence[Estimate]) -> Estimate:
    """The cheapest; of those that cost as good as the same, the one with the fewest parts."""
    lowest = min(each.weighed_usd for each in meeting)
    alike = [each for each in meeting if each.weighed_usd <= lowest * (1 + SAME_SHARE) + SAME_USD]
    return min(
        alike,
        key=lambda each: (
            CONCURRENCIES.index(each.option.concurrency),
            FEWER_PARTS.index(each.option.storage),
            each.option.mode == "single",
            each.weighed_usd,
        ),
    )


def _none_meets(estimates: Sequence[Estimate], workload: Workload) -> str:
    if not estimates:
        return "every option is ruled out"
    nearest = min(estimates, key=lambda each: (each.refused_share, each.percentiles[99], each.percentiles[100]))
    return f"no option meets the wishes; the nearest is {nearest.option}, but {nearest.misses(workload)}"


def _reason(best: Estimate, estimates: Sequence[Estimate], workload: Workload) -> str:
    cheaper = [each for each in estimates if each.weighed_usd < best.weighed_usd and each.misses(workload)]
    text = (
        f"99 of 100 answers within {best.percentiles[99]:.2f} s, the slowest after {best.percentiles[100]:.1f} s, for "
        f"${best.usd:,.2f} a month"
    )
    if best.deployments_usd:
        text += f" and ${best.deployments_usd:,.2f} for deployments of retrained models"
    if not cheaper:
        return f"{text}; none is cheaper"
    nearest = max(cheaper, key=lambda each: each.weighed_usd)
    why_not = f"{nearest.option} (${nearest.weighed_usd:,.2f}), but {nearest.misses(workload)}"
    return f"{text}; the next cheaper one is {why_not}"


def _tips(
    best: Estimate, estimates: Sequence[Estimate], workload: Workload, prices: PriceList, figures: Figures
) -> Iterator[str]:
    meeting = [each for each in estimates if each.misses(workload) is None and each is not best]
    yield from _by_latency(best, estimates, workload)
    yield from _by_retraining(best, meeting, workload, figures)
    yield from _by_traffic(best, meeting)
    yield (
        f"provisioned concurrency costs less than on demand where its environments are busy more than "
        f"{ready_break_even(prices, workload):.0%} of the time"
    )


def _by_latency(best: Estimate, estimates: Sequence[Estimate], workload: Workload) -> Iterator[str]:
    cheaper = [
        each
        for each in estimates
        if each.misses(workload) and each.refused_share <= 0.001 and each.weighed_usd < best.weighed_usd * 0.98
    ]
    if cheaper:
        other = min(cheaper, key=lambda each: each.weighed_usd)
        yield (
            f"{other.option} for ${other.weighed_usd:,.2f} is enough if 1 of 100 requests may take "
            f"{other.percentiles[99]:.2f} s and the slowest {other.percentiles[100]:.1f} s"
        )


def _by_retraining(best: Estimate, meeting: Sequence[Estimate], workload: Workload, figures: Figures) -> Iterator[str]:
    each_costs = figures["deployment_usd"]
    deployed = needs_deployment(best.option)
    others = [each for each in meeting if needs_deployment(each.option) != deployed]
    if not others or not each_costs:
        return
    other = min(others, key=lambda each: each.usd)
    number = (other.usd - best.usd) / each_costs if deployed else (best.usd - other.usd) / each_costs
    if number < 0.05:
        return
    bound = f"{'more' if deployed else 'fewer'} than {number:.1f} retrainings a month, at ${each_costs:g} a deployment"
    yield f"{other.option} is cheaper with {bound}"


def _by_traffic(best: Estimate, meeting: Sequence[Estimate]) -> Iterator[str]:
    """Where the costs of two options cross, if requests grow and keep their shape and their share of starts."""
    crossings = [(at, each) for each in meeting if (at := crossing(best, each)) is not None]
    for is_side, word, pick in ((lambda f: f > 1, "more", min), (lambda f: f < 1, "fewer", max)):
        side = [pair for pair in crossings if is_side(pair[0])]
        if side:
            factor, other = pick(side, key=lambda pair: pair[0])
            requests = best.run.requests * factor
            yield f"{other.option} is cheaper with {word} than {requests:,.0f} requests a month"


def crossing(one: Estimate, other: Estimate) -> float | None:
    """How many times the requests at which both cost the same; None if they never do."""
    (fixed, by_use), (other_fixed, other_by_use) = _split(one), _split(other)
    if abs(by_use - other_by_use) < 1e-9:
        return None
    factor = (other_fixed - fixed) / (by_use - other_by_use)
    return factor if factor > 0 and abs(factor - 1) > 1e-6 else None


def cost_at(each: Estimate, factor: float) -> float:
    """US dollars a month with so many times the requests, in the same shape and with the same share of starts."""
    fixed, by_use = _split(each)
    return fixed + factor * by_use


def _split(each: Estimate) -> tuple[float, float]:
    """What is paid by time, and by use. Ready environments grow with the requests."""
    by_time = ("s3_storage", "efs_storage", "s3files_storage", "ecr_storage", "efs_provisioned", "snapshot")
    fixed = sum(item.usd for item in each.items if item.key in (*by_time, "s3_writes", "efs_writes"))
    return fixed + each.deployments_usd, each.usd - fixed


def ready_break_even(prices: PriceList, workload: Workload) -> float:
    """The share of time that a ready environment is busy from which it costs less than on demand."""
    architecture = workload.architecture
    on_demand = prices.usage[f"lambda_{architecture}"].tiers[0].usd
    busy = prices.usage[f"lambda_ready_{architecture}"].tiers[0].usd
    return prices.price[f"provisioned_{architecture}"].usd / (on_demand - busy)
