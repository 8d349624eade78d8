"""The bill of a simulated option: what it used and holds, item by item."""

from collections.abc import Iterator
from math import ceil

import numpy as np

from handlers.manifest import engine_set
from ops.advice.bill import Item, ephemeral, gb_seconds, held, invocations, kept_ready, used
from ops.advice.figures import Figures
from ops.advice.model_facts import GB
from ops.advice.options import Option, Workload, ephemeral_mib
from ops.advice.running import FunctionRun, Run
from ops.prices import MIB_PER_GB, PriceList

PART_BYTES = 8 << 20
"""Of a ranged request to S3."""
METERED_BYTES = 4096
"""The least that EFS meters of a read."""


def items(option: Option, workload: Workload, prices: PriceList, figures: Figures, result: Run) -> Iterator[Item]:
    """A month's bill of a simulated option. What all options pay alike, such as alarms, is not in it."""
    compute = ready_compute = seconds = 0.0
    for each in result.functions:
        cold = len(each.counts.cold_at)
        first = each.mean("load", "warm") + float(np.dot(each.shares, [t.billed_start for t in each.timings]))
        warm = each.counts.requests - each.counts.refused - cold
        beyond = max(0.0, each.counts.beyond_ready - cold) if each.ready else warm
        busy = gb_seconds(beyond, each.warm_seconds, workload.memory_mib)
        busy += gb_seconds(cold, first, workload.memory_mib)
        compute += result.scale * busy
        ready_compute += result.scale * gb_seconds(warm - beyond, each.warm_seconds, workload.memory_mib)
        seconds += result.scale * (warm * each.warm_seconds + cold * first)
    requests = result.requests
    yield from invocations(
        prices,
        requests=requests,
        compute=compute,
        ready_compute=ready_compute,
        architecture=workload.architecture,
        free=workload.free_tier,
    )
    yield used(prices, f"{workload.api}_api_requests", requests)
    yield used(prices, "logs", requests * figures["log_bytes"] / GB, why=f"{figures['log_bytes']:g} B a request")
    yield from ephemeral(prices, seconds=seconds, ephemeral_mib=ephemeral_mib(option, workload))
    yield from _readiness(option, workload, prices, result)
    yield from _storage(option, workload, prices, figures)
    yield from _reading(option, workload, prices, figures, result)


def _readiness(option: Option, workload: Workload, prices: PriceList, result: Run) -> Iterator[Item]:
    if option.concurrency == "provisioned":
        yield kept_ready(
            prices,
            environments=sum(each.ready for each in result.functions),
            seconds=prices.seconds_per_month,
            memory_mib=workload.memory_mib,
            architecture=workload.architecture,
        )
    if option.concurrency == "SnapStart":
        memory = workload.memory_mib / MIB_PER_GB
        kept = len(result.functions) * (workload.kept_versions + 1)
        why = f"{kept} snapshots of {workload.memory_mib} MiB: of the live version and of old ones"
        yield held(prices, "snapshot", kept * memory * prices.seconds_per_month, why=why)
        yield used(prices, "snapshot_restore", result.cold * memory)


def _storage(option: Option, workload: Workload, prices: PriceList, figures: Figures) -> Iterator[Item]:
    versions = workload.kept_versions
    stored = sum(model.stored_bytes for model in workload.models) * versions / GB
    read = sum(model.read_bytes for model in workload.models) / GB
    engine = engine_set(model.engine for model in workload.models)
    image = figures[f"image_{engine}_gb"]
    why = f"{versions} versions of {len(workload.models)} models"
    yield held(prices, "s3_storage", stored, why=why)
    if option.storage == "efs":
        yield held(prices, "efs_storage", stored, why=why)
        if workload.efs_throughput == "provisioned":
            yield held(prices, "efs_provisioned", workload.efs_mibps, why="efsProvisionedMibps")
    if option.storage == "s3files":
        small = sum(model.small_bytes for model in workload.models) / GB
        yield held(prices, "s3files_storage", small, why="files of 128 KiB and less")
    in_image = read * versions if option.storage == "image" else 0.0
    yield held(prices, "ecr_storage", image + in_image, why=f"the image with {engine}, and models in it")


def _reading(option: Option, workload: Workload, prices: PriceList, figures: Figures, result: Run) -> Iterator[Item]:
    reads = requests = pointers = 0.0
    for each in result.functions:
        loads_at_start = 0 if not any(timing.load for timing in each.timings) else len(each.counts.cold_at) + each.ready
        warm = each.counts.requests - len(each.counts.cold_at)
        count = result.scale * (loads_at_start + each.fetch_share * warm)
        reads += count * each.read_bytes
        files = float(np.dot(each.shares, [model.files for model in each.models]))
        requests += count * (files + ceil(each.read_bytes / PART_BYTES))
        pointers += _pointer_reads(each, result, workload, figures)
    trained = workload.retrainings * sum(model.stored_bytes for model in workload.models) / GB
    if option.storage == "efs" and workload.efs_throughput == "elastic":
        metered = reads + pointers * METERED_BYTES
        yield used(prices, "efs_reads", metered / GB, why="loads of models, and their pointers every few seconds")
        yield used(prices, "efs_writes", trained, why="retrained models")
    if option.storage in ("s3", "s3files"):
        yield used(prices, "s3_reads", requests + pointers, why="loads of models, and their pointers every few seconds")
    writes = workload.retrainings * sum(model.files + 3 for model in workload.models)
    yield used(prices, "s3_writes", writes, why="retrained models")


def _pointer_reads(function: FunctionRun, result: Run, workload: Workload, figures: Figures) -> float:
    """At most one in a few seconds for each environment that is in use, and none without a request."""
    requests = function.counts.requests * result.scale
    seconds = workload.traffic.seconds
    in_use = requests * function.warm_seconds / seconds + 1
    return min(requests, seconds / figures["version_live_seconds"] * in_use)
