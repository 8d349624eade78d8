"""The process of one trial: loads a candidate with the real engine, answers the requests, and measures itself.

    python -m models.packaging.trial_process DIRECTORY STARTED

DIRECTORY holds the trial's files. STARTED is the monotonic clock in seconds, read just before this process started.
Imports no TensorFlow, except where the engine does.
"""

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from handlers.manifest import Signature
from handlers.serving.engines.heap import trim_heap
from models.packaging.arrays import Arrays
from models.packaging.process_memory import peak_bytes, resident_bytes
from models.packaging.trial_files import TrialFiles, TrialReport, WarmCalls

CALLS = 50
SECONDS = 1.0
"""Warm calls of a signature stop at this number, or after this time."""

Requests = Mapping[str, Sequence[Arrays]]


def main(directory: Path, started: float) -> None:
    """Run the trial in `directory`."""
    files = TrialFiles(directory)
    manifest, task = files.read_task()
    (artifact,) = manifest.artifacts
    requests = {name: files.read_arrays("request", index) for index, name in enumerate(artifact.signatures)}

    def load() -> Any:
        from handlers.serving import engines

        return engines.load(Path(task.version_directory), artifact, manifest.signatures, task.threads)

    before = time.monotonic()
    model = load()
    loaded = time.monotonic()
    first = artifact.signatures[0]
    model.run(first, requests[first][0])
    answered, worked = time.monotonic(), time.process_time()
    warm_calls = {name: _time_warm_calls(model, name, requests[name][0]) for name in artifact.signatures}
    _write_answers(model, files, manifest.signatures, requests)
    resident, peak = resident_bytes(), peak_bytes()
    model.close()
    del model
    report = TrialReport(
        load_seconds=loaded - before,
        first_call_seconds=answered - loaded,
        first_answer_seconds=answered - started,
        first_answer_cpu_seconds=worked,
        signatures=warm_calls,
        resident_bytes=resident,
        peak_bytes=peak,
        memory_bytes=_growth(load, requests),
    )
    files.write_report(report)


def _time_warm_calls(model: Any, signature: str, request: Arrays) -> WarmCalls:
    taken = list[float]()
    model.run(signature, request)
    until = time.monotonic() + SECONDS
    while len(taken) < CALLS and time.monotonic() < until:
        start = time.perf_counter()
        model.run(signature, request)
        taken.append(time.perf_counter() - start)
    return WarmCalls(median_seconds=statistics.median(taken), calls=len(taken))


def _write_answers(model: Any, files: TrialFiles, signatures: Mapping[str, Signature], requests: Requests) -> None:
    """Answer every request, and each signature's first request once more: a model may answer at random."""
    for index, name in enumerate(requests):
        outputs = list(signatures[name].outputs)
        for number, request in enumerate(requests[name]):
            files.write_arrays("answer", index, number, model.run(name, request, outputs))
        files.write_arrays("again", index, 0, model.run(name, requests[name][0], outputs))


def _growth(load: Callable[[], Any], requests: Requests) -> int:
    """Bytes that the process grows by when it loads the model again: the model, without the engine's libraries."""
    trim_heap()
    before = resident_bytes()
    model = load()
    for name, batches in requests.items():
        for request in batches:
            model.run(name, request)
    grown = resident_bytes() - before
    model.close()
    return grown


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
