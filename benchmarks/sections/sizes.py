"""Sizes: what grows with a model's weights, with the models in memory, with the batch, and with the body."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.figures import Figure
from benchmarks.function_processes import run_module
from benchmarks.markdown import megabytes, milliseconds, picture, seconds, table
from benchmarks.process_start import cold_start
from benchmarks.requests import event_for, raw_event
from benchmarks.sections.warm_calls import Turn, take_turns
from benchmarks.statistics import median, medians
from benchmarks.subjects import DENSE, SMALL_FAMILY, Subject, prepare_form, repository
from benchmarks.ways import LITERT
from handlers.contract import MODEL_CACHE_BYTES, MODEL_NAMES, MODEL_STORE_URI, join_model_names
from models.profiling.http_event import Event

TITLE = "From small to large"

BATCHES = (1, 4, 16, 64, 256)
BATCH_MODEL = DENSE[2]
BODY_BYTES = (1_000, 10_000, 100_000, 1_000_000, 6_000_000)
BODY_MODEL = DENSE[0]
LOADED = (1, 10, 100, 300)
HITS = 50
"""Requests to models in memory, after each number of them."""
ROOM_BYTES = 8 << 30
SLACK_BYTES = 128 << 20
"""What a process may take at most besides a model's file and the weights that XNNPACK packs: Python, LiteRT, a request
and its answer. The system can drop the file's pages."""

Points = Sequence[Mapping[str, float]]


def measure(quick: bool) -> dict[str, Any]:
    """Measure one axis after the other."""
    starts, rounds, calls = (1, 2, 3) if quick else (5, 5, 10)
    return {
        "weights": [_of_weights(name, starts, rounds, calls) for name in (DENSE[:2] if quick else DENSE)],
        "batches": _of_batches(BATCHES[:2] if quick else BATCHES, rounds, calls),
        "bodies": _of_bodies(BODY_BYTES[:2] if quick else BODY_BYTES, rounds, calls),
        "loaded": _of_loaded(LOADED[:2] if quick else LOADED),
    }


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """What must not grow faster than its cause."""
    largest = data["weights"][-1]
    return [
        Figure(
            what=f"{megabytes(largest['bytes'])} of weights: peak memory beyond them and their packed copy",
            value=(largest["peak_bytes"] - 2 * largest["bytes"]) / 2**20,
            unit=" MiB",
            sense="at most",
            bound=SLACK_BYTES / 2**20,
        ),
        _growth("cold start, for each byte of weights", data["weights"], "bytes", "cold_seconds", 1),
        _growth("warm call, for each row of a batch", data["batches"], "rows", "seconds", 1.1),
        _growth("warm call with JSON, for each byte of the body", data["bodies"], "json_bytes", "json_seconds", 1.2),
        _growth(
            "warm call with raw tensors, for each byte of the body", data["bodies"], "raw_bytes", "raw_seconds", 1.2
        ),
        Figure(
            what=f"a warm call beside {data['loaded'][-1]['models']} models in memory, beside one alone",
            value=data["loaded"][-1]["seconds"] / data["loaded"][0]["seconds"],
            unit="×",
            sense="at most",
            bound=1.5,
        ),
    ]


def write(data: Mapping[str, Any], images: Path) -> str:
    """A table and a plot for each axis."""
    return "\n".join(
        [
            "Each axis is measured from small to large, with dense networks of random weights on LiteRT. A straight "
            "line in the plots, as steep as the grid, is linear.\n",
            *_weights(data["weights"], images),
            *_batches(data["batches"], images),
            *_bodies(data["bodies"], images),
            *_loaded(data["loaded"]),
        ]
    )


def _growth(what: str, points: Points, size: str, cost: str, bound: float) -> Figure:
    """The cost for each unit at the largest size, beside the cheapest before it."""
    rates = [point[cost] / point[size] for point in points]
    value = rates[-1] / min(rates[:-1])
    return Figure(what=f"{what}, at the largest size", value=value, unit="×", sense="at most", bound=bound)


def _of_weights(name: str, starts: int, rounds: int, calls: int) -> dict[str, float]:
    print(f"  {name}", flush=True)
    (subject,) = prepare_form([name], "tflite")
    turn = _turn(subject, event_for(subject, plain=False))
    found = [asdict(cold_start(turn.handler, turn.variables, turn.event)) for _ in range(starts + 1)][1:]
    return {
        "bytes": (repository("tflite") / name / "1" / "model.tflite").stat().st_size,
        "cold_seconds": median([start["answered_seconds"] for start in found]),
        "peak_bytes": median([start["peak_memory_bytes"] for start in found]),
        "warm_seconds": median(medians(take_turns({name: turn}, rounds, calls)[name])),
    }


def _of_batches(batches: Sequence[int], rounds: int, calls: int) -> list[dict[str, float]]:
    print("  batches", flush=True)
    (subject,) = prepare_form([BATCH_MODEL], "tflite")
    turns = {str(rows): _turn(subject, raw_event(subject, rows=rows)) for rows in batches}
    blocks = take_turns(turns, rounds, calls)
    return [{"rows": rows, "seconds": median(medians(blocks[str(rows)]))} for rows in batches]


def _of_bodies(sizes: Sequence[int], rounds: int, calls: int) -> list[dict[str, float]]:
    print("  bodies", flush=True)
    (subject,) = prepare_form([BODY_MODEL], "tflite")
    found: list[dict[str, float]] = []
    for size in sizes:
        events = {
            "json": event_for(subject, plain=False, rows=_rows(subject, size, "json")),
            "raw": raw_event(subject, rows=_rows(subject, size, "raw")),
        }
        blocks = take_turns({key: _turn(subject, event) for key, event in events.items()}, rounds, calls)
        found.append(
            {f"{key}_bytes": len(event["body"]) for key, event in events.items()}
            | {f"{key}_seconds": median(medians(block)) for key, block in blocks.items()}
        )
    return found


def _rows(subject: Subject, size: int, form: str) -> int:
    """How many rows make an event's body of about this size."""
    few, many = (
        len((event_for(subject, plain=False, rows=rows) if form == "json" else raw_event(subject, rows=rows))["body"])
        for rows in (1, 101)
    )
    return max(1, round(1 + (size - few) / (many - few) * 100))


def _of_loaded(counts: Sequence[int]) -> list[dict[str, float]]:
    print(f"  {counts[-1]} models in memory", flush=True)
    SMALL_FAMILY.prepare()
    traffic: list[int] = []
    for before, count in zip((0, *counts), counts, strict=False):
        traffic += [*range(before, count), *(hit * count // HITS for hit in range(HITS))]
    with tempfile.TemporaryDirectory() as directory:
        events: list[str] = []
        for member in SMALL_FAMILY.members:
            path = Path(directory) / member
            path.write_text(json.dumps(event_for(SMALL_FAMILY.subject(member), plain=False)), encoding="utf-8")
            events.append(str(path))
        variables = {
            MODEL_STORE_URI: SMALL_FAMILY.repository.as_uri(),
            MODEL_NAMES: join_model_names(SMALL_FAMILY.members),
            MODEL_CACHE_BYTES: str(ROOM_BYTES),
        }
        question = json.dumps({"events": events, "traffic": traffic})
        found = json.loads(run_module("benchmarks.traffic", variables=variables, stdin=question))
    points: list[dict[str, float]] = []
    end = 0
    for before, count in zip((0, *counts), counts, strict=False):
        loads, end = slice(end, end + count - before), end + count - before + HITS
        points.append(
            {
                "models": count,
                "seconds": median(found["seconds"][end - HITS : end]),
                "load_seconds": median(found["seconds"][loads]),
                "resident_bytes": found["resident"][end - 1],
            }
        )
    return points


def _turn(subject: Subject, event: Event) -> Turn:
    return Turn(handler=LITERT.handler, variables=LITERT.environment(subject), event=event)


def _weights(points: Points, images: Path) -> Sequence[str]:
    title = "Weights: cold start, warm call"
    plots.curves(
        images / "sizes-weights.svg",
        title,
        ("MB of weights", "milliseconds"),
        {
            name: [(point["bytes"] / 1e6, point[key] * 1e3) for point in points]
            for name, key in (("cold start", "cold_seconds"), ("warm call", "warm_seconds"))
        },
    )
    rows = [
        [
            megabytes(point["bytes"]),
            seconds(point["cold_seconds"]),
            milliseconds(point["warm_seconds"]),
            megabytes(point["peak_bytes"]),
        ]
        for point in points
    ]
    return (
        "### Weights\n",
        table(["file", "cold start", "warm call", "peak memory"], rows, numbers_from=0),
        picture("sizes-weights.svg", title),
    )


def _batches(points: Points, images: Path) -> Sequence[str]:
    title = "Batch: warm call"
    series = {"warm call": [(point["rows"], point["seconds"] * 1e3) for point in points]}
    plots.curves(images / "sizes-batch.svg", title, ("rows", "milliseconds"), series)
    rows = [
        [f"{point['rows']:,}", milliseconds(point["seconds"]), milliseconds(point["seconds"] / point["rows"])]
        for point in points
    ]
    return (
        "### Batch\n",
        table(["rows", "warm call", "for each row"], rows, numbers_from=0),
        picture("sizes-batch.svg", title),
    )


def _bodies(points: Points, images: Path) -> Sequence[str]:
    title = "Body: warm call"
    series = {
        name: [(point[f"{key}_bytes"] / 1e3, point[f"{key}_seconds"] * 1e3) for point in points]
        for name, key in (("JSON", "json"), ("raw tensors", "raw"))
    }
    plots.curves(images / "sizes-body.svg", title, ("KB of the event's body", "milliseconds"), series)
    rows = [
        [
            _kilobytes(point["json_bytes"]),
            milliseconds(point["json_seconds"]),
            _kilobytes(point["raw_bytes"]),
            milliseconds(point["raw_seconds"]),
        ]
        for point in points
    ]
    return (
        "### Body\n",
        "Raw tensors travel as base64, which is a third longer than they are. A large JSON body costs more for each "
        "byte: its numbers become Python objects, and their memory is taken from the system and returned at each "
        "request.\n",
        table(["JSON", "warm call", "raw tensors", "warm call"], rows, numbers_from=0),
        picture("sizes-body.svg", title),
    )


def _kilobytes(size: float) -> str:
    return f"{size / 1e3:,.0f} KB"


def _loaded(points: Points) -> Sequence[str]:
    rows = [
        [
            f"{point['models']:,}",
            milliseconds(point["seconds"]),
            milliseconds(point["load_seconds"]),
            megabytes(point["resident_bytes"]),
        ]
        for point in points
    ]
    return (
        "### Models in memory\n",
        "All are in one function, which has room for all of them. Of more models, each is asked less often, and less "
        "of it is still in the processor's caches.\n",
        table(["models", "warm call", "call that loads one", "memory"], rows, numbers_from=0),
    )
