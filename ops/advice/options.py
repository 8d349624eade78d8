"""The options that an advice compares, and what rules one out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple, get_args

from handlers.contract import Architecture
from handlers.manifest import EngineName
from local.shapes import Mode, Storage
from ops.advice.model_facts import ModelFacts
from ops.simulation.arrivals import Times, Traffic
from ops.simulation.file_system import ThroughputMode

Concurrency = Literal["on demand", "SnapStart", "provisioned"]
CONCURRENCIES: tuple[Concurrency, ...] = get_args(Concurrency)
MOUNTED: tuple[Storage, ...] = ("efs", "s3files")

MIB = 1 << 20
API_SECONDS = {"http": 30.0, "rest": 300.0}
"""How long the API waits for an answer. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
IMAGE_BYTES = 10 << 30
ENGINE_BYTES: dict[EngineName, int] = {"litert": 1 << 30, "onnxruntime": 1 << 30, "tensorflow": 3 << 30}
"""Room in an image that Python and the engines keep free, as a deployment counts."""
MOST_EPHEMERAL_MIB, SNAPSHOT_EPHEMERAL_MIB = 10_240, 512
MOST_MEMORY_MIB = 10_240


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What is asked of a stack."""

    models: Sequence[ModelFacts]
    traffic: Traffic
    times: Times | None = None
    """Arrivals of a file, which go on like this for a month; they replace the traffic's."""
    latency_seconds: float = 1.0
    """In which 99 of 100 requests are to be answered."""
    longest_seconds: float | None = None
    """In which every request is to be answered. None: as long as the API waits."""
    retrainings: float = 1
    """A month, of each model."""
    zipf: float = 1.0
    """How unequally the models are asked for; 0 for all alike."""
    memory_mib: int = 1769
    architecture: Architecture = "x86_64"
    api: Literal["http", "rest"] = "http"
    kept_versions: int = 3
    """Old versions of a model, and of a function with SnapStart, that stay."""
    efs_throughput: ThroughputMode = "elastic"
    efs_mibps: float = 0
    free_tier: bool = False

    @property
    def longest(self) -> float:
        """Seconds in which every request is to be answered."""
        return min(self.longest_seconds or API_SECONDS[self.api], API_SECONDS[self.api])

    @property
    def processors(self) -> float:
        """Of a function: Lambda gives it one for each 1,769 MiB."""
        return self.memory_mib / 1769


class Option(NamedTuple):
    """A storage, a mode and a way to be ready."""

    storage: Storage
    mode: Mode
    concurrency: Concurrency

    def __str__(self) -> str:
        return f"{self.storage}, {self.mode}, {self.concurrency}"


def options(workload: Workload) -> Iterator[Option]:
    """All of them. One model alone has no other in its function, so `multi` has no use for it."""
    modes: tuple[Mode, ...] = ("single",) if len(workload.models) == 1 else ("single", "multi")
    for storage, mode, concurrency in product(get_args(Storage), modes, CONCURRENCIES):
        yield Option(storage=storage, mode=mode, concurrency=concurrency)


def ephemeral_mib(option: Option, workload: Workload) -> int:
    """The /tmp that a function of the option needs."""
    if option.storage != "s3":
        return 512
    sizes = [model.read_bytes for model in workload.models]
    needed = sum(sizes) if option.mode == "multi" else max(sizes)
    return max(512, min(MOST_EPHEMERAL_MIB, -(-needed // MIB)))


def ruled_out(option: Option, workload: Workload) -> str | None:
    """Why an option cannot be deployed; None if it can."""
    largest = max(model.read_bytes for model in workload.models)
    engines = max(ENGINE_BYTES[model.engine] for model in workload.models)
    whole = sum(model.read_bytes for model in workload.models)
    ephemeral = ephemeral_mib(option, workload)
    if option.concurrency == "SnapStart" and option.storage in MOUNTED:
        return "Lambda takes no snapshot of a function with a file system"
    if option.concurrency == "SnapStart" and ephemeral > SNAPSHOT_EPHEMERAL_MIB:
        return f"a function with SnapStart has {SNAPSHOT_EPHEMERAL_MIB} MiB of /tmp, and the models need {ephemeral}"
    if option.storage == "s3" and largest > MOST_EPHEMERAL_MIB * MIB:
        return f"a model of {largest / MIB:,.0f} MiB does not fit into /tmp, which has {MOST_EPHEMERAL_MIB:,} at most"
    if option.storage == "image" and whole > IMAGE_BYTES - engines:
        return f"{whole / 1e9:.1f} GB of models do not fit into an image of 10 GiB beside the engines"
    memory = max(model.memory_bytes for model in workload.models)
    if memory > workload.memory_mib * MIB * 7 // 8:
        return f"a loaded model takes {memory / MIB:,.0f} MiB of {workload.memory_mib:,}; give --memory more"
    return None
