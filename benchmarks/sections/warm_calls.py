"""Warm calls: the time of a request once the model is loaded, and the part of it outside the engine."""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.figures import Figure, ratio_figure
from benchmarks.markdown import milliseconds, picture, table
from benchmarks.requests import event_for
from benchmarks.statistics import median, medians, paired_ratio, percentile
from benchmarks.subjects import SUBJECT_NAMES, Subject, prepare
from benchmarks.ways import KERAS, LITERT, WAYS, Way, fastest, recorded
from benchmarks.worker import Worker
from handlers.manifest import FORMS

TITLE = "Warm calls"
ENGINE = "benchmarks.bare_engine.call"
SMALL = "iris"
OUR_WAYS = tuple(fastest(engine) for engine in FORMS)

Blocks = list[list[float]]
"""Seconds of each call, in blocks."""


def measure(quick: bool) -> dict[str, Any]:
    """Ask processes with one handler each in turn, a block of calls at a time."""
    subjects = prepare(("iris", "mobilenet_v2") if quick else SUBJECT_NAMES)
    rounds, calls = (2, 5) if quick else (10, 20)
    return {
        "calls": {subject.name: _all_ways(subject, rounds, calls) for subject in subjects},
        "overhead": {
            subject.name: {way.key: _beside_the_engine(subject, way, rounds, calls * 2) for way in OUR_WAYS}
            for subject in subjects
            if subject.large or subject.name == SMALL
        },
    }


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """MobileNetV2 beside Keras; our own share of a large binary request and of a small JSON one."""
    network = data["calls"]["mobilenet_v2"]
    keras = paired_ratio(medians(network[KERAS.key]), medians(network[LITERT.key]))
    found = [ratio_figure("MobileNetV2, `litert`: warm call faster than the Keras handler's", keras, "at least", 15)]
    for way in recorded(data["overhead"]["mobilenet_v2"], OUR_WAYS):
        blocks = data["overhead"]["mobilenet_v2"][way.key]
        ratio = paired_ratio(medians(blocks["handler"]), medians(blocks["engine"]))
        what = f"MobileNetV2, `{way.engine}`: request bytes to response bytes, beside the bare engine call"
        found.append(ratio_figure(what, ratio, "at most", 1.15))
    for way in recorded(data["overhead"][SMALL], OUR_WAYS):
        own = _own_milliseconds(data["overhead"][SMALL][way.key])
        what = f"small JSON request, `{way.engine}`: our own time"
        spread = (min(own), max(own))
        found.append(Figure(what=what, value=median(own), unit=" ms", sense="at most", bound=0.3, spread=spread))
    return found


def write(data: Mapping[str, Any], images: Path) -> str:
    """Latencies of all ways, our own time around the engine call, and a plot."""
    latencies = [
        [name, way.label, milliseconds(median(times)), milliseconds(percentile(times, 0.99))]
        for name, ways in data["calls"].items()
        for way in recorded(ways)
        if (times := _flat(ways[way.key]))
    ]
    shares = [
        [
            name,
            way.label,
            milliseconds(median(medians(blocks["handler"]))),
            milliseconds(median(medians(blocks["engine"]))),
            f"{median(_own_milliseconds(blocks)):.3f} ms",
        ]
        for name, ways in data["overhead"].items()
        for way in recorded(ways, OUR_WAYS)
        for blocks in [ways[way.key]]
    ]
    title = "MobileNetV2: median of a warm call, milliseconds"
    network = data["calls"]["mobilenet_v2"]
    shown = recorded(network)
    values = [median(_flat(network[way.key])) * 1e3 for way in shown]
    plots.bars(images / "warm-calls.svg", title, [plots.plain(way.label) for way in shown], {"median": values})
    return "\n".join(
        [
            "Times run from Lambda's event to the handler's answer. Processes with one handler each are asked in turn, "
            "a block of calls at a time.\n",
            table(["model", "way", "median", "p99"], latencies, numbers_from=2),
            picture("warm-calls.svg", title),
            "### Around the engine call\n",
            f"Networks get raw tensors (Open Inference Protocol), {SMALL} gets JSON. The bare engine call reads no "
            "request and writes no answer. The rest of the handler's time is our own. For raw tensors it includes "
            "base64, in which API Gateway encodes binary bodies.\n",
            table(["model", "way", "handler", "bare engine", "our own"], shares, numbers_from=2),
        ]
    )


def _all_ways(subject: Subject, rounds: int, calls: int) -> dict[str, Blocks]:
    print(f"  {subject.name}: all ways in turn", flush=True)
    turns = {
        way.key: Turn(
            handler=way.handler, variables=way.environment(subject), event=event_for(subject, plain=way.plain)
        )
        for way in WAYS
    }
    return take_turns(turns, rounds, calls)


def _beside_the_engine(subject: Subject, way: Way, rounds: int, calls: int) -> dict[str, Blocks]:
    print(f"  {subject.name}, {way.key}: beside the bare engine call", flush=True)
    variables, event = way.environment(subject), event_for(subject, plain=False)
    kinds = {"handler": way.handler, "engine": ENGINE}
    turns = {kind: Turn(handler=handler, variables=variables, event=event) for kind, handler in kinds.items()}
    return take_turns(turns, rounds, calls)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A handler to call again and again with one event."""

    handler: str
    variables: Mapping[str, str]
    event: Mapping[str, Any]
    python: str = sys.executable


def take_turns(turns: Mapping[str, Turn], rounds: int, calls: int) -> dict[str, Blocks]:
    """Time handlers in turn: a block of calls of each, then the next round.

    Args:
        turns: the handlers by name.
        rounds: the number of blocks of each handler; a first block more is dropped.
        calls: the number of calls in a block.
    """
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        workers = {
            name: stack.enter_context(Worker(turn.handler, turn.variables, turn.python)) for name, turn in turns.items()
        }
        for name, turn in turns.items():
            (directory / name).write_text(json.dumps(turn.event), encoding="utf-8")
        blocks: dict[str, Blocks] = {name: [] for name in turns}
        for _ in range(rounds + 1):
            for name, worker in workers.items():
                blocks[name].append(worker.time_calls(directory / name, calls))
        return {name: made[1:] for name, made in blocks.items()}


def _own_milliseconds(blocks: Mapping[str, Blocks]) -> list[float]:
    pairs = zip(medians(blocks["handler"]), medians(blocks["engine"]), strict=True)
    return [(handler - engine) * 1e3 for handler, engine in pairs]


def _flat(blocks: Blocks) -> list[float]:
    return [seconds for block in blocks for seconds in block]
