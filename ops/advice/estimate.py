"""Estimate: what an option costs in a month, how fast it answers, and whether that is what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ops.advice.bill import Item, total
from ops.advice.billing import items
from ops.advice.figures import Figures
from ops.advice.options import Option, Workload, ruled_out
from ops.advice.running import FunctionRun, Run, run
from ops.advice.timing import needs_deployment
from ops.prices import PriceList


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """An option in numbers. Seconds are what a caller sees."""

    option: Option
    run: Run
    items: Sequence[Item]
    deployments_usd: float
    """What deployments of retrained models cost beside AWS."""
    cold_share: float
    refused_share: float
    hit_share: float
    """Of requests that find their model in memory."""
    percentiles: Mapping[float, float]
    """Seconds by percentile: 50, 95, 99, 100."""

    @property
    def usd(self) -> float:
        """A month of AWS."""
        return total(self.items)

    @property
    def weighed_usd(self) -> float:
        """With deployments: what options are compared by."""
        return self.usd + self.deployments_usd

    def misses(self, workload: Workload) -> str | None:
        """What of the wishes it does not meet; None if it meets all."""
        if self.refused_share > 0.001:
            return f"{self.refused_share:.1%} of the requests are refused: too many at once"
        if self.percentiles[99] > workload.latency_seconds:
            return f"1 of 100 requests takes {self.percentiles[99]:.2f} s or more, not {workload.latency_seconds:g} s"
        if self.percentiles[100] > workload.longest:
            return f"the slowest request takes {self.percentiles[100]:.1f} s, not {workload.longest:g} s"
        return None


def estimate(option: Option, workload: Workload, prices: PriceList, figures: Figures, seed: int = 0) -> Estimate | str:
    """Simulate an option and bill it; or what rules it out."""
    if why := ruled_out(option, workload):
        return why
    result = run(option, workload, figures, seed)
    answered = max(1.0, result.requests - result.refused)
    cold = len(result.cold_seconds) * result.scale
    loads = sum(_loads(each) for each in result.functions) * result.scale
    return Estimate(
        option=option,
        run=result,
        items=list(items(option, workload, prices, figures, result)),
        deployments_usd=workload.retrainings * figures["deployment_usd"] if needs_deployment(option) else 0.0,
        cold_share=cold / answered,
        refused_share=result.refused / max(1.0, result.requests),
        hit_share=1 - (loads + cold) / answered,
        percentiles=_percentiles(result, figures["gateway_seconds"]),
    )


def _loads(function: FunctionRun) -> float:
    """Warm requests that load a model."""
    return function.load_share * (function.counts.requests - function.counts.refused - len(function.counts.cold_at))


def _percentiles(result: Run, gateway: float) -> dict[float, float]:
    seconds, weights = list(result.cold_seconds), [1.0] * len(result.cold_seconds)
    for each in result.functions:
        loads = _loads(each)
        warm = each.counts.requests - each.counts.refused - len(each.counts.cold_at) - loads
        seconds += [each.mean("warm"), each.mean("load", "warm")]
        weights += [warm, loads]
    order = np.argsort(seconds)
    reached = np.cumsum(np.array(weights)[order])
    rising = np.array(seconds)[order]
    found = {p: rising[min(len(rising) - 1, np.searchsorted(reached, reached[-1] * p / 100))] for p in (50, 95, 99)}
    slowest = max(s for s, weight in zip(seconds, weights, strict=True) if weight > 0)
    return {**{float(p): float(s) + gateway for p, s in found.items()}, 100.0: slowest + gateway}
