"""How long a request takes: in an environment that runs, in one that must load a model, and in one that starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ops.advice.figures import Figures
from ops.advice.model_facts import ModelFacts
from ops.advice.options import Option, Workload

Step = Literal["start", "load", "warm"]
STEPS: Sequence[Step] = get_args(Step)
"""What a request may wait for: its environment, its model, its answer."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a time."""

    what: str
    seconds: float
    why: str
    """The figure or the measurement that it comes from."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The parts of three times. `load` is what a request waits for whose model is not in memory."""

    warm: Sequence[Part]
    load: Sequence[Part]
    start: Sequence[Part]
    """Of an environment, before it has a model."""
    billed_start: float
    """Seconds of `start` that Lambda bills: the function's own init."""

    def parts(self, step: Step) -> Sequence[Part]:
        """The parts of one of them."""
        return {"start": self.start, "load": self.load, "warm": self.warm}[step]

    def seconds(self, *steps: Step) -> float:
        """The sum of some of them."""
        return sum(part.seconds for step in steps for part in self.parts(step))


def timing(option: Option, model: ModelFacts, workload: Workload, figures: Figures) -> Timing:
    """The times of one model."""
    share = min(1.0, workload.processors)  # what runs on one thread gains nothing from more processors
    overhead = figures["overhead_seconds"] / share
    warm = (
        Part(what="handler and runtime", seconds=overhead, why="overhead_seconds"),
        Part(what="prediction", seconds=model.warm_seconds / workload.processors, why=model.source),
    )
    load = (
        Part(
            what=f"read {model.read_bytes / 1e6:.3g} MB",
            seconds=model.read_bytes / 1e6 / figures[f"{option.storage}_mb_per_second"],
            why=f"{option.storage}_mb_per_second",
        ),
        Part(what="load and warm up", seconds=model.load_seconds / workload.processors, why=model.source),
    )
    if option.concurrency == "SnapStart":
        restore = Part(what="restore the snapshot", seconds=figures["restore_seconds"], why="restore_seconds")
        return Timing(warm=warm, load=load if option.mode == "multi" else (), start=(restore,), billed_start=0)
    key = f"start_{model.engine}_seconds"
    start = (
        Part(what="make the environment", seconds=figures["environment_seconds"], why="environment_seconds"),
        Part(what=f"start with {model.engine}", seconds=figures[key] / share, why=key),
    )
    return Timing(warm=warm, load=load, start=start, billed_start=start[1].seconds)


def retraining(option: Option, figures: Figures) -> str:
    """What a retrained model takes to go live, in words."""
    if needs_deployment(option):
        return f"a deployment, about {figures['deployment_minutes']:g} min"
    copied = " once it is copied" if option.storage == "efs" else ""
    return f"its pointer moves; seen within {figures['version_live_seconds']:g} s{copied}"


def needs_deployment(option: Option) -> bool:
    """Whether a retrained model goes live, or keeps its quick start, only with a deployment."""
    return option.storage == "image" or (option.concurrency == "SnapStart" and option.mode == "single")
