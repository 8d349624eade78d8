"""Peers: the handler beside ONNX Runtime, OpenVINO, LiteRT alone and TensorFlow, with the same models in one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import page_cache
from benchmarks.figures import Figure
from benchmarks.markdown import megabytes, milliseconds, seconds, table
from benchmarks.peers import PEERS, prepare_peers
from benchmarks.process_start import cold_start
from benchmarks.requests import answered_numbers, event_for, same_answer
from benchmarks.sections.warm_calls import Turn, take_turns
from benchmarks.statistics import median, medians
from benchmarks.subjects import CHOSEN, FURTHER_NETWORKS, LABELS, NETWORKS, Subject, prepare_chosen
from benchmarks.ways import SAVED_MODEL_LOAD
from handlers.contract import MODEL_NAMES, MODEL_STORE_URI, SINGLE_MODEL_HANDLER, VERIFY_MODELS
from models.profiling.runtime_server import FunctionFailed

TITLE = "Beside the peers"
OURS = "ours"
UNCOMPARED = "uncompared"
"""Ours with `verifyModels: false`, for its starts alone: no other contender compares its file with a checksum."""
TENSORFLOW = "tensorflow"
COLUMNS: Mapping[str, str] = {
    OURS: "this handler",
    UNCOMPARED: "without comparing",
    **{peer.key: peer.label for peer in PEERS},
    TENSORFLOW: "TensorFlow",
}


def measure(quick: bool) -> dict[str, Any]:
    """Start new processes of all contenders in turn, with the files in the page cache and without; then ask them in
    turn. Raises PeersMissing; ValueError if a contender answers other numbers than TensorFlow."""
    subjects = prepare_chosen(("mobilenet_v2",) if quick else (*NETWORKS, *FURTHER_NETWORKS))
    python = str(prepare_peers(subjects))
    found: dict[str, Any] = {}
    for subject in subjects:
        contenders, refused = _able(_contenders(subject, python))
        found[subject.name] = {
            "refused": refused,
            "warm_cache": _starts(subject, contenders, 1 if quick else 7, lambda: None),
            "dropped_cache": _starts(subject, contenders, 1 if quick else 3, page_cache.drop)
            if page_cache.may_drop()
            else {},
            "calls": take_turns(_asked(contenders), *((2, 5) if quick else (10, 20))),
        }
    return {"subjects": found}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """None: the tables show who is first, and by how much."""
    return ()


def write(data: Mapping[str, Any], images: Path) -> str:
    """A table for each thing that is compared."""
    parts = [
        "Each runtime serves the same model in a handler written for it with care, on two threads, under AWS's "
        "runtime client; the answers were compared with TensorFlow's. Ours is the handler of this project, with the "
        "form that packaging chose. This handler compares the bytes of a file with the manifest's checksum before the "
        "engine opens it, and no other contender does; *without comparing* is ours with `verifyModels: false`. LiteRT "
        "alone reads the same `.tflite` file, which packaging made. **Bold** is the first with its defaults, and "
        "whoever takes at most 3 % more. An empty cell: the runtime's converter refuses the model; *fails*: the "
        "runtime refuses what its converter wrote. The networks are untrained, which does not change their speed.\n"
    ]
    for title, read, show in _TABLES:
        subjects = data["subjects"].items()
        keys = [
            key for key in COLUMNS if key != UNCOMPARED or any(read(found, key) is not None for _, found in subjects)
        ]
        if rows := [row for name, found in subjects if (row := _row(name, found, keys, read, show))]:
            parts += [f"### {title}\n", table(["model", *(COLUMNS[key] for key in keys)], rows)]
    return "\n".join(parts)


Read = Callable[[Mapping[str, Any], str], float | None]
"""One number of one contender."""


def _of_starts(cache: str, what: str) -> Read:
    def read(found: Mapping[str, Any], key: str) -> float | None:
        starts = found[cache].get(key)
        return median([start[what] for start in starts]) if starts else None

    return read


def _of_calls(found: Mapping[str, Any], key: str) -> float | None:
    blocks = found["calls"].get(key)
    return median(medians(blocks)) if blocks else None


_TABLES: Sequence[tuple[str, Read, Callable[[float], str]]] = (
    ("First answer of a new process, files in the page cache", _of_starts("warm_cache", "answered_seconds"), seconds),
    (
        "First answer of a new process, nothing in the page cache",
        _of_starts("dropped_cache", "answered_seconds"),
        seconds,
    ),
    ("Warm call", _of_calls, milliseconds),
    ("Peak memory of a process with one answer", _of_starts("warm_cache", "peak_memory_bytes"), megabytes),
    ("Read from disk until the first answer", _of_starts("dropped_cache", "read_bytes"), megabytes),
)


def _row(
    name: str, found: Mapping[str, Any], keys: Sequence[str], read: Read, show: Callable[[float], str]
) -> list[str]:
    values = {key: read(found, key) for key in keys}
    present = [value for key, value in values.items() if value is not None and key != UNCOMPARED]
    if not present:
        return []
    first = min(present) * 1.03
    cells = [_cell(value, first, show) if value is not None else _empty(found, key) for key, value in values.items()]
    return [LABELS.get(name, name), *cells]


def _cell(value: float, first: float, show: Callable[[float], str]) -> str:
    return f"**{show(value)}**" if value <= first else show(value)


def _empty(found: Mapping[str, Any], key: str) -> str:
    return "*fails*" if key in found["refused"] else ""


def _contenders(subject: Subject, python: str) -> Mapping[str, Turn]:
    """By key, each way to serve a subject, with the request that it takes."""
    plain = event_for(subject, plain=True)
    ours = Turn(
        handler=SINGLE_MODEL_HANDLER,
        variables={MODEL_STORE_URI: CHOSEN.as_uri(), MODEL_NAMES: subject.name},
        event=event_for(subject, plain=False),
    )
    return {
        OURS: ours,
        UNCOMPARED: replace(ours, variables={**ours.variables, VERIFY_MODELS: "false"}),
        **{
            each.key: Turn(handler=each.handler, variables=each.environment(subject), event=plain, python=python)
            for each in PEERS
            if each.path(subject).exists()
        },
        TENSORFLOW: Turn(
            handler=SAVED_MODEL_LOAD.handler, variables=SAVED_MODEL_LOAD.environment(subject), event=plain
        ),
    }


def _asked(contenders: Mapping[str, Turn]) -> Mapping[str, Turn]:
    """Those whose calls are timed: files are compared at a start alone."""
    return {key: each for key, each in contenders.items() if key != UNCOMPARED}


def _able(contenders: Mapping[str, Turn]) -> tuple[Mapping[str, Turn], Mapping[str, str]]:
    """The contenders that answer, and why each of the other peers does not. Ours and TensorFlow must: raises
    FunctionFailed if one of them does not."""
    able, refused = dict(contenders), dict[str, str]()
    for key, each in contenders.items():
        try:
            cold_start(each.handler, each.variables, each.event, each.python)
        except FunctionFailed as error:
            if key in (OURS, UNCOMPARED, TENSORFLOW):
                raise
            refused[key] = str(error)[:500]
            del able[key]
            print(f"  {key} fails: {refused[key][:200]}", flush=True)
    return able, refused


def _starts(
    subject: Subject, contenders: Mapping[str, Turn], rounds: int, before: Callable[[], None]
) -> dict[str, list[dict[str, float]]]:
    """New processes in turn, another one first in each round: a process finds the processor's caches as the one before
    left them. A first round more, which fills the page cache, is dropped."""
    found: dict[str, list[dict[str, float]]] = {key: [] for key in contenders}
    answers: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for key, each in _rotated(contenders, number):
            before()
            start = cold_start(each.handler, each.variables, each.event, each.python)
            answers[key] = answered_numbers(start.answer)
            if number:
                found[key].append({name: value for name, value in asdict(start).items() if name != "answer"})
    for key, numbers in answers.items():
        if not same_answer(numbers, answers[TENSORFLOW]):
            raise ValueError(f"{subject.name}: {key} answers {numbers[:5]}, TensorFlow {answers[TENSORFLOW][:5]}")
        print(
            f"  {subject.name}, {key}: {seconds(median([each['answered_seconds'] for each in found[key]]))}", flush=True
        )
    return found


def _rotated(contenders: Mapping[str, Turn], number: int) -> Sequence[tuple[str, Turn]]:
    several = list(contenders.items())
    first = number % len(several)
    return [*several[first:], *several[:first]]
