"""A month of one option, simulated: which requests start an environment or load a model, and what they read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, inf

import numpy as np
import numpy.typing as npt

from handlers.manifest import EngineName
from handlers.serving.footprint import ENGINE_BYTES
from handlers.serving.start import FUNCTION_MEMORY, cache_budget
from ops.advice.figures import Figures
from ops.advice.model_facts import ModelFacts
from ops.advice.options import Option, Workload, ephemeral_mib
from ops.advice.timing import Step, Timing, timing
from ops.simulation.arrivals import Times, arrivals
from ops.simulation.cached_models import hit_ratio, zipf
from ops.simulation.environments import Counts, Environments, Platform
from ops.simulation.file_system import FileSystem
from ops.simulation.queueing import erlang_b

MIB = 1 << 20
HOUR, DAY = 3600.0, 86_400.0
ENOUGH_REQUESTS = 250_000
"""Requests after which a simulated month may be a week, or a day where no day differs from another."""
SPILL = 0.005
"""The share of requests in the busiest minute that ready environments need not take."""


@dataclass(frozen=True, kw_only=True)
class FunctionRun:
    """What became of the requests of one function. Counts are of the simulated time."""

    models: Sequence[ModelFacts]
    shares: npt.NDArray[np.float64]
    """Of each model among the function's requests."""
    timings: Sequence[Timing]
    counts: Counts
    load_share: float
    """The share of warm requests that load a model."""
    fetch_share: float
    """The share of warm requests that read a model's files from the storage."""
    warm_seconds: float
    """Of a warm request, its load included."""
    ready: int

    def mean(self, *steps: Step) -> float:
        """Seconds of steps, over all requests."""
        seconds = [each.seconds(*steps) for each in self.timings]
        return float(np.dot(self.shares, seconds))

    @cached_property
    def read_bytes(self) -> float:
        """Of a model, over all requests."""
        return float(np.dot(self.shares, [model.read_bytes for model in self.models]))


@dataclass(frozen=True, kw_only=True)
class Run:
    """All functions of an option."""

    functions: Sequence[FunctionRun]
    scale: float
    """The month beside the simulated time."""
    file_system: FileSystem | None = None
    cold_seconds: Sequence[float] = ()
    """Of each request that started an environment, with its turn at the file system."""

    @property
    def requests(self) -> float:
        """Of all functions in a month."""
        return self.scale * sum(each.counts.requests for each in self.functions)

    @property
    def refused(self) -> float:
        """Requests of a month that were refused."""
        return self.scale * sum(each.counts.refused for each in self.functions)

    @property
    def cold(self) -> float:
        """Environments that were started in a month."""
        return self.scale * sum(each.counts.cold_count for each in self.functions)


def horizon(workload: Workload) -> float:
    """Seconds that are simulated. A month, or less of it if its days are alike and have many requests."""
    traffic = workload.traffic
    if workload.times is not None:
        return max(float(workload.times[-1]), 1.0)
    if traffic.requests <= ENOUGH_REQUESTS or workload.efs_throughput == "bursting":
        return traffic.seconds  # credits are spent over a month
    enough = ceil(ENOUGH_REQUESTS / traffic.requests * traffic.seconds / DAY) * DAY
    return min(traffic.seconds, enough if traffic.shape in ("steady", "daily") else 7 * DAY)


def _before(workload: Workload) -> float:
    """Seconds that are simulated and not counted, where less than a month stands for all of it."""
    is_whole = workload.times is not None or horizon(workload) >= workload.traffic.seconds
    return 0.0 if is_whole else HOUR


def run(option: Option, workload: Workload, figures: Figures, seed: int = 0) -> Run:
    """Simulate an option."""
    seconds = horizon(workload)
    functions = [
        _run_function(option, models, share, workload, figures, seed + number)
        for number, (models, share) in enumerate(_functions(option, workload))
    ]
    shared = _file_system(option, workload, figures)
    cold = list(_cold_seconds(option, functions, shared, figures))
    scale = workload.traffic.seconds / seconds
    return Run(functions=functions, scale=scale, file_system=shared, cold_seconds=cold)


def _functions(option: Option, workload: Workload) -> Iterator[tuple[Sequence[ModelFacts], float]]:
    """The models of each function, and its share of all requests."""
    if option.mode == "multi":
        yield workload.models, 1.0
        return
    for model, share in zip(workload.models, zipf(len(workload.models), workload.zipf), strict=True):
        yield [model], float(share)


def _run_function(
    option: Option, models: Sequence[ModelFacts], share: float, workload: Workload, figures: Figures, seed: int
) -> FunctionRun:
    shares = zipf(len(models), workload.zipf)
    timings = [timing(option, model, workload, figures) for model in models]
    load, fetch = _misses(option, models, workload, shares, inf)
    seconds = _warm(timings, shares, load, fetch)
    ready = _ready(option, workload, share, seconds)
    platform = Platform(keep_seconds=figures["keep_seconds"], ready=ready)
    cold = float(np.dot(shares, [each.seconds("start", "load", "warm") for each in timings]))
    counts = Environments(platform, seconds, lambda _: cold).run(_times(workload, share, seed), _before(workload))
    lives = len(counts.cold_at) + ready
    load, fetch = _misses(option, models, workload, shares, counts.requests / max(1, lives))
    return FunctionRun(
        models=models,
        shares=shares,
        timings=timings,
        counts=counts,
        load_share=load,
        fetch_share=fetch,
        warm_seconds=_warm(timings, shares, load, fetch),
        ready=ready,
    )


def _warm(timings: Sequence[Timing], shares: npt.NDArray[np.float64], load: float, fetch: float) -> float:
    loads = [each.load[-1].seconds if each.load else 0.0 for each in timings]
    reads = [each.seconds("load") for each in timings]
    warm = np.dot(shares, [each.seconds("warm") for each in timings])
    return float(warm + load * np.dot(shares, loads) + fetch * (np.dot(shares, reads) - np.dot(shares, loads)))


def _misses(
    option: Option, models: Sequence[ModelFacts], workload: Workload, shares: npt.NDArray[np.float64], requests: float
) -> tuple[float, float]:
    """The shares of an environment's requests that load a model, and that read it, beside its first one."""
    if option.mode == "single":
        return 0.0, 0.0
    life = min(requests, 1e9)
    engines: set[EngineName] = {model.engine for model in models}
    taken = sum(ENGINE_BYTES[engine] for engine in engines)
    budget = cache_budget({FUNCTION_MEMORY: str(workload.memory_mib)}) - taken
    first = 1 / life
    missed = 1 - hit_ratio(shares, [model.memory_bytes for model in models], budget, life)
    if option.storage != "s3":
        return max(0.0, missed - first), max(0.0, missed - first)
    room = ephemeral_mib(option, workload) * MIB
    fetched = 1 - hit_ratio(shares, [model.read_bytes for model in models], room, life)
    return max(0.0, missed - first), max(0.0, min(missed, fetched) - first)


def _ready(option: Option, workload: Workload, share: float, seconds: float) -> int:
    """As many ready environments as take nearly all requests of the busiest minute."""
    if option.concurrency != "provisioned":
        return 0
    load = share * _peak(workload) * seconds
    ready = 1
    while erlang_b(ready, load) > SPILL:
        ready += 1
    return ready


def _peak(workload: Workload) -> float:
    """Requests a second in the busiest minute."""
    if workload.times is None:
        return float(workload.traffic.per_minute().max())
    return float(np.bincount((workload.times // 60).astype(int)).max()) / 60


def _times(workload: Workload, share: float, seed: int) -> Iterator[Times]:
    if workload.times is not None:
        chosen = np.random.default_rng(seed).random(len(workload.times)) < share
        yield workload.times[chosen]
        return
    rates = workload.traffic.per_minute()[: int((horizon(workload) + _before(workload)) // 60)]
    yield from arrivals(rates * share, seed)


def _file_system(option: Option, workload: Workload, figures: Figures) -> FileSystem | None:
    if option.storage != "efs":
        return None
    return FileSystem(
        mode=workload.efs_throughput,
        stored=sum(model.stored_bytes for model in workload.models) * workload.kept_versions,
        provisioned_mibps=workload.efs_mibps,
        client_rate=figures["efs_mb_per_second"] * 1e6,
    )


def _cold_seconds(
    option: Option, functions: Sequence[FunctionRun], shared: FileSystem | None, figures: Figures
) -> Iterator[float]:
    """How long each request took that started an environment. All functions take turns at the file system."""
    cold = sorted((at, number) for number, each in enumerate(functions) for at in each.counts.cold_at)
    means: Mapping[int, float] = {number: each.mean("start", "load", "warm") for number, each in enumerate(functions)}
    for at, number in cold:
        seconds = means[number]
        if shared is not None:
            size = functions[number].read_bytes
            alone = size / 1e6 / figures[f"{option.storage}_mb_per_second"]
            seconds += max(0.0, shared.read(at, size) - at - alone)
        yield seconds
