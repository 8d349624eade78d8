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
from handlers.serving.engines import EngineError
from handlers.serving.engines.heap import trim_heap
from models.packaging.arrays import Arrays
from models.packaging.call_memory import measure_calls
from models.packaging.process_memory import peak_bytes, resident_bytes
from models.packaging.trial_files import ArraysKind, TrialFiles, TrialReport, WarmCalls

CALLS, FEW_CALLS = 50, 10
SECONDS, MANY_SECONDS = 1.0, 5.0
"""Warm calls of a signature stop at the first number, or after the first time once there are a few, or after the second
time."""

Requests = Mapping[str, Sequence[Arrays]]


def main(directory: Path, started: float) -> None:
    """Run the trial in `directory`. What large batches take is measured last: that may end the process."""
    files = TrialFiles(directory)
    manifest, task = files.read_task()
    (artifact,) = manifest.artifacts
    requests = {name: files.read_requests(index) for index, name in enumerate(artifact.signatures)}
    usual = {name: found[: task.usual[name]] for name, found in requests.items()}

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
    _answer(model, usual)
    resident, peak = resident_bytes(), peak_bytes()
    _write_answers(model, files, manifest.signatures, requests)
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
        memory_bytes=_growth(load, usual),
    )
    files.write_report(report)
    lines = {
        name: measure_calls(load, name, manifest.signatures[name], requests[name][0]) for name in artifact.signatures
    }
    files.write_call_memory({name: line for name, line in lines.items() if line is not None})


def _time_warm_calls(model: Any, signature: str, request: Arrays) -> WarmCalls:
    taken = list[float]()
    model.run(signature, request)
    began = time.monotonic()
    while len(taken) < CALLS and time.monotonic() - began < (MANY_SECONDS if len(taken) < FEW_CALLS else SECONDS):
        start = time.perf_counter()
        model.run(signature, request)
        taken.append(time.perf_counter() - start)
    return WarmCalls(fastest_seconds=min(taken), median_seconds=statistics.median(taken), calls=len(taken))


def _answer(model: Any, requests: Requests) -> None:
    for name, batches in requests.items():
        for request in batches:
            model.run(name, request)


def _write_answers(model: Any, files: TrialFiles, signatures: Mapping[str, Signature], requests: Requests) -> None:
    """Answer every request twice, the second time in the reverse order: an answer may depend on the calls before."""
    numbered = [(index, name, number) for index, name in enumerate(requests) for number in range(len(requests[name]))]
    rounds: Sequence[tuple[ArraysKind, Sequence[tuple[int, str, int]]]] = (
        ("answer", numbered),
        ("again", numbered[::-1]),
    )
    for kind, order in rounds:
        for index, name, number in order:
            try:
                answer = model.run(name, requests[name][number], list(signatures[name].outputs))
            except EngineError as error:
                files.write_rejection(kind, index, number, str(error))
            else:
                files.write_arrays(kind, index, number, answer)


def _growth(load: Callable[[], Any], requests: Requests) -> int:
    """Bytes that the process grows by when it loads the model again: the model, without the engine's libraries."""
    trim_heap()
    before = resident_bytes()
    model = load()
    _answer(model, requests)
    grown = resident_bytes() - before
    model.close()
    return grown


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
