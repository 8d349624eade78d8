"""A trial: one candidate loaded and asked by the real engine in a process of its own. Imports no TensorFlow.

    python -m models.packaging.trial DIRECTORY STARTED

DIRECTORY holds `trial.json` and the requests; the answers and what was measured are written beside them.
STARTED is the monotonic clock just before this process was started, in seconds.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from handlers.manifest import Signature, parse_manifest
from handlers.serving.engines.memory import give_back
from models.packaging.arrays import Arrays, load_arrays, save_arrays
from models.packaging.memory import peak_bytes, resident_bytes

CALLS = 50
SECONDS = 1.0
"""Warm calls end after this many, or after this long."""


def main(directory: Path, started: float) -> None:
    """Run the trial that `directory` describes."""
    manifest = parse_manifest((directory / "trial.json").read_bytes())
    (artifact,) = manifest.artifacts
    requests = {
        name: [load_arrays(path) for path in sorted(directory.glob(f"request-{index}-*.bin"))]
        for index, name in enumerate(artifact.signatures)
    }
    settings = json.loads((directory / "settings.json").read_text(encoding="utf-8"))

    def load() -> Any:
        from handlers.serving import engines

        return engines.load(Path(settings["version_directory"]), artifact, manifest.signatures, settings["threads"])

    before = time.monotonic()
    model = load()
    loaded = time.monotonic()
    first = artifact.signatures[0]
    model.run(first, requests[first][0])
    answered, worked = time.monotonic(), time.process_time()
    report: dict[str, Any] = {
        "load_seconds": loaded - before,
        "first_call_seconds": answered - loaded,
        "first_answer_seconds": answered - started,
        "first_answer_cpu_seconds": worked,
        "signatures": {name: _measure(model, name, requests[name]) for name in artifact.signatures},
    }
    _answer(model, directory, manifest.signatures, requests)
    report |= {"resident_bytes": resident_bytes(), "peak_bytes": peak_bytes()}
    model.close()
    del model
    report["memory_bytes"] = _growth(load, requests)
    (directory / "report.json").write_text(json.dumps(report), encoding="utf-8")


def _measure(model: Any, signature: str, requests: Sequence[Arrays]) -> Mapping[str, float]:
    request, taken = requests[0], list[float]()
    model.run(signature, request)
    until = time.monotonic() + SECONDS
    while len(taken) < CALLS and time.monotonic() < until:
        start = time.perf_counter()
        model.run(signature, request)
        taken.append(time.perf_counter() - start)
    return {"median_seconds": statistics.median(taken), "calls": len(taken)}


def _answer(
    model: Any, directory: Path, signatures: Mapping[str, Signature], requests: Mapping[str, Sequence[Arrays]]
) -> None:
    """Write the answers to all requests, and the first request's once more: a model may not repeat itself."""
    for index, name in enumerate(requests):
        outputs = list(signatures[name].outputs)
        for number, request in enumerate(requests[name]):
            save_arrays(directory / f"answer-{index}-{number:04}.bin", model.run(name, request, outputs))
        save_arrays(directory / f"again-{index}-{0:04}.bin", model.run(name, requests[name][0], outputs))


def _growth(load: Callable[[], Any], requests: Mapping[str, Sequence[Arrays]]) -> int:
    """What the process grows by when it loads the model a second time: without the libraries and what they pay once."""
    give_back()
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
