"""LiteRT's interpreter beside its newer `CompiledModel`, and XNNPACK's cache of packed weights."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.markdown import megabytes, milliseconds, seconds, table
from benchmarks.paths import PROJECT
from benchmarks.requests import same_answer
from benchmarks.statistics import median
from benchmarks.subjects import LABELS, prepare_form, repository

TITLE = "LiteRT's two interfaces, and packed weights in a file"
SUBJECTS = ("mobilenet_v2", "resnet50", "efficientnet_b0", "conv1d", "transformer")
WAYS: Mapping[str, str] = {
    "interpreter": "interpreter",
    "compiled": "`CompiledModel`",
    "cached": "`CompiledModel`, packed weights in a file",
}
SIDE_BY_SIDE = (2, 8)
"""Processes at the same time."""


def measure(quick: bool) -> dict[str, Any]:
    """Start processes of all ways in turn. Raises ValueError if two ways answer differently."""
    rounds, counts = (1, (2,)) if quick else (7, SIDE_BY_SIDE)
    found: dict[str, Any] = {}
    for subject in prepare_form(SUBJECTS[:1] if quick else SUBJECTS, "tflite"):
        print(f"  {subject.name}", flush=True)
        model = repository("tflite") / subject.name / "1" / "model.tflite"
        with tempfile.TemporaryDirectory() as directory:
            cache = Path(directory) / "packed"
            runs = [{way: _one(way, model, cache) for way in WAYS} for _ in range(rounds + 1)][1:]
            found[subject.name] = {
                "model_bytes": model.stat().st_size,
                "cache_bytes": cache.stat().st_size,
                "runs": {way: [run[way] for run in runs] for way in WAYS},
                "together": {
                    way: {str(count): _together(way, model, cache, count) for count in counts} for way in WAYS
                },
            }
        _compare(subject.name, runs[0])
    return {"subjects": found}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """None: what is adopted is decided in a decision record."""
    return ()


def write(data: Mapping[str, Any], images: Path) -> str:
    """Two tables."""
    rows = [
        [
            LABELS.get(str(name), str(name)),
            WAYS[str(way)],
            seconds(_median(runs, "answered_seconds")),
            milliseconds(_median(runs, "call_seconds")),
            megabytes(_median(runs, "resident_bytes")),
            megabytes(found["model_bytes"] + (found["cache_bytes"] if way == "cached" else 0)),
            *(megabytes(found["together"][way][str(count)]) for count in _counts(data)),
        ]
        for name, found in data["subjects"].items()
        for way, runs in found["runs"].items()
    ]
    heads = [f"{count} processes" for count in _counts(data)]
    return "\n".join(
        [
            "Each process imports numpy before its time begins, opens the model, plans, and answers once, on two "
            "threads, with the files in the page cache. Memory of several processes counts shared pages once.\n",
            table(["model", "way", "first answer", "warm call", "memory", "files", *heads], rows, numbers_from=2),
            "`docs/adr/0016-weights-are-packed-at-each-load.md` says what follows from this.\n",
        ]
    )


def _median(runs: Sequence[Mapping[str, float]], what: str) -> float:
    return median([run[what] for run in runs])


def _counts(data: Mapping[str, Any]) -> Sequence[int]:
    first = next(iter(data["subjects"].values()))
    return [int(count) for count in first["together"]["interpreter"]]


def _compare(name: str, run: Mapping[str, Mapping[str, Any]]) -> None:
    for way, found in run.items():
        if not same_answer(found["answer"], run["interpreter"]["answer"]):
            raise ValueError(f"{name}: {way} answers {found['answer'][:5]}")


@contextmanager
def _process(way: str, model: Path, cache: Path) -> Generator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.baselines.litert_ways", way, str(model), str(cache)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=PROJECT, text=True, stdin=pipe, stdout=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def _one(way: str, model: Path, cache: Path) -> dict[str, Any]:
    with _process(way, model, cache) as process:
        return _measured(process)


def _measured(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args} ended without an answer")
    return json.loads(line)


def _together(way: str, model: Path, cache: Path, count: int) -> int:
    """Bytes of so many processes, after the answers of all."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_process(way, model, cache)) for _ in range(count)]
        for process in processes:
            _measured(process)
        return sum(_proportional_bytes(process.pid) for process in processes)


def _proportional_bytes(pid: int) -> int:
    """Memory of a process, with each shared page divided among those that share it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"/proc/{pid}/smaps_rollup has no line 'Pss'")
