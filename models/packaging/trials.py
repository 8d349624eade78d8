"""Trying candidates: each in a process of its own, so that load time and memory are true."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from handlers.manifest import Artifact, FileEntry, Manifest, Signature
from handlers.serving.engines import EngineError
from models.packaging.arrays import Arrays, from_engine, load_arrays, save_arrays, to_engine
from models.packaging.candidates import Candidate
from models.packaging.comparison import Difference, compare, worst_of
from models.places import PROJECT

TIMEOUT_SECONDS = 900
FAR_LARGER = 30
"""How many times larger inputs are measured apart."""
ENGINE_ERROR = f"{EngineError.__module__}.{EngineError.__qualname__}: "
"""What Python writes before an engine's own words."""
THREADS = min(2, os.cpu_count() or 1)


class TrialFailed(Exception):
    """A candidate did not load or did not answer; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Requests to one signature and what the reference answered."""

    requests: Sequence[Arrays]
    answers: Sequence[Arrays]

    @property
    def samples(self) -> int:
        """How many examples were asked about."""
        return sum(_batch(answer) for answer in self.answers)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one candidate did."""

    candidate: Candidate
    size: int
    """Bytes of its files."""
    report: Mapping[str, Any]
    """What the process measured."""
    differences: Mapping[str, Difference]
    """Per signature, how far its answers were from the reference's."""

    def failure_of(self, signature: str) -> str:
        """Why this candidate cannot serve a signature; empty where it can."""
        return self.differences[signature].reason

    def measured(self) -> dict[str, Any]:
        """The measurements as evidence, rounded to what repeats."""
        return {
            "size_bytes": self.size,
            "load_seconds": round(self.report["load_seconds"], 4),
            "first_answer_seconds": round(self.report["first_answer_seconds"], 4),
            "first_answer_cpu_seconds": round(self.report["first_answer_cpu_seconds"], 4),
            "median_seconds": {
                name: round(found["median_seconds"], 7) for name, found in self.report["signatures"].items()
            },
            "resident_bytes": self.report["resident_bytes"],
            "peak_bytes": self.report["peak_bytes"],
            "threads": THREADS,
        }


def try_candidate(
    candidate: Candidate,
    directory: Path,
    signatures: Mapping[str, Signature],
    exchanges: Mapping[str, Exchange],
    tolerance: float | None,
) -> Trial:
    """Run a candidate of the version in `directory` on every exchange of its signatures. Raises TrialFailed."""
    size = candidate.size(directory)
    with tempfile.TemporaryDirectory(prefix="trial-") as name:
        work = Path(name)
        _write_trial(work, candidate, directory, signatures, exchanges)
        if failure := _run(work):
            raise TrialFailed(failure)
        differences = {
            name: _difference(work, index, signatures[name], exchanges[name], tolerance)
            for index, name in enumerate(candidate.signatures)
        }
        report = json.loads((work / "report.json").read_text(encoding="utf-8"))
    return Trial(candidate=candidate, size=size, report=report, differences=differences)


def _difference(
    work: Path, index: int, signature: Signature, exchange: Exchange, tolerance: float | None
) -> Difference:
    """How far the answers to one signature, the trial's `index`th, were from the reference's."""
    answers, again = (
        [from_engine(load_arrays(path), signature.outputs) for path in sorted(work.glob(f"{kind}-{index}-*.bin"))]
        for kind in ("answer", "again")
    )
    found = worst_of(
        [
            compare([exchange.answers[i] for i in numbers], [answers[i] for i in numbers], tolerance)
            for numbers in _by_range(exchange.requests)
        ]
    )
    if found.reason and compare(answers[:1], again, tolerance).reason:
        return replace(found, reason="the model does not repeat itself: it answers one request differently each time")
    return found


def _by_range(requests: Sequence[Arrays]) -> list[list[int]]:
    """The numbers of the requests; those with far larger inputs apart, whose answers would widen the others' scale."""
    sizes = [_magnitude(request) for request in requests]
    usual = FAR_LARGER * min((size for size in sizes if size), default=0.0)
    groups = [
        [number for number, size in enumerate(sizes) if size <= usual],
        [number for number, size in enumerate(sizes) if size > usual],
    ]
    return [group for group in groups if group]


def _magnitude(request: Arrays) -> float:
    """The largest finite number of a request's floating-point inputs, without its sign."""
    numbers = [
        np.abs(array[np.isfinite(array)], dtype=np.float64) for array in request.values() if array.dtype.kind == "f"
    ]
    return max((float(found.max(initial=0.0)) for found in numbers), default=0.0)


def _batch(answer: Arrays) -> int:
    return max((len(array) for array in answer.values() if array.ndim), default=1)


def _write_trial(
    work: Path,
    candidate: Candidate,
    directory: Path,
    signatures: Mapping[str, Signature],
    exchanges: Mapping[str, Exchange],
) -> None:
    artifact = Artifact(
        engine=candidate.engine,
        form=candidate.form,
        signatures=candidate.signatures,
        files=candidate.files,
        memory_bytes=0,
        reason="on trial",
    )
    served = {name: signatures[name] for name in candidate.signatures}
    files = tuple(FileEntry(path=path, size=0, sha256="") for path in candidate.files)
    manifest = Manifest(model="trial", version=1, signatures=served, artifacts=(artifact,), files=files)
    (work / "trial.json").write_text(manifest.to_json(), encoding="utf-8")
    settings = {"version_directory": str(directory.resolve()), "threads": THREADS}
    (work / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    for index, name in enumerate(candidate.signatures):
        for number, request in enumerate(exchanges[name].requests):
            save_arrays(work / f"request-{index}-{number:04}.bin", to_engine(request))


def _run(work: Path) -> str:
    """Why the trial failed; empty where it did not."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")])),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, "-m", "models.packaging.trial", str(work), repr(time.monotonic())]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"it did not finish within {TIMEOUT_SECONDS} s"
    if done.returncode < 0:
        return f"its process was ended by {signal.Signals(-done.returncode).name}"
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        return lines[-1].removeprefix(ENGINE_ERROR)[:300]
    return ""
