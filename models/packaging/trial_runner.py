"""Runs trials: each candidate in a process of its own, so that nothing else is in its load time and memory."""

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
from models.packaging.arrays import Arrays, from_engine, to_engine
from models.packaging.candidates import Candidate
from models.packaging.comparison import Difference, compare, worst_of
from models.packaging.trial_files import TrialFiles, TrialReport, TrialTask
from models.places import PROJECT

TIMEOUT_SECONDS = 900
FAR_LARGER = 30
"""Requests whose inputs are more than this many times larger than the smallest are compared apart."""
ENGINE_ERROR = f"{EngineError.__module__}.{EngineError.__qualname__}: "
"""What Python prints before the message of an EngineError."""
THREADS = min(2, os.cpu_count() or 1)


class TrialFailed(Exception):
    """A candidate did not load or did not answer; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Requests to one signature, and the reference's answers."""

    requests: Sequence[Arrays]
    answers: Sequence[Arrays]

    @property
    def samples(self) -> int:
        """The number of examples in all requests."""
        return sum(_batch(answer) for answer in self.answers)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The result of one candidate's trial."""

    candidate: Candidate
    size: int
    """Bytes of its files."""
    report: TrialReport
    differences: Mapping[str, Difference]
    """For each signature, how far its answers were from the reference's."""

    def failure_of(self, signature: str) -> str:
        """Why this candidate cannot serve a signature; empty if it can."""
        return self.differences[signature].reason

    def measured(self) -> dict[str, Any]:
        """The measurements for the manifest, rounded to the digits that repeat."""
        return {
            "size_bytes": self.size,
            "load_seconds": round(self.report.load_seconds, 4),
            "first_answer_seconds": round(self.report.first_answer_seconds, 4),
            "first_answer_cpu_seconds": round(self.report.first_answer_cpu_seconds, 4),
            "median_seconds": {name: round(calls.median_seconds, 7) for name, calls in self.report.signatures.items()},
            "resident_bytes": self.report.resident_bytes,
            "peak_bytes": self.report.peak_bytes,
            "threads": THREADS,
        }


def try_candidate(
    candidate: Candidate,
    directory: Path,
    signatures: Mapping[str, Signature],
    exchanges: Mapping[str, Exchange],
    tolerance: float | None,
) -> Trial:
    """Ask a candidate every request of its signatures, and compare its answers. Raises TrialFailed.

    Args:
        candidate: what to try.
        directory: the version's directory, with the candidate's files.
        signatures: the model's signatures.
        exchanges: requests and the reference's answers, for each signature.
        tolerance: see `compare`.
    """
    size = candidate.size(directory)
    with tempfile.TemporaryDirectory(prefix="trial-") as name:
        files = TrialFiles(Path(name))
        _write_trial(files, candidate, directory, signatures, exchanges)
        if failure := _run(files):
            raise TrialFailed(failure)
        differences = {
            name: _difference(files, index, signatures[name], exchanges[name], tolerance)
            for index, name in enumerate(candidate.signatures)
        }
        report = files.read_report()
    return Trial(candidate=candidate, size=size, report=report, differences=differences)


def _difference(
    files: TrialFiles, index: int, signature: Signature, exchange: Exchange, tolerance: float | None
) -> Difference:
    """How far the answers to one signature, the candidate's `index`th, were from the reference's."""
    answers = [from_engine(arrays, signature.outputs) for arrays in files.read_arrays("answer", index)]
    again = [from_engine(arrays, signature.outputs) for arrays in files.read_arrays("again", index)]
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
    """The numbers of the requests in one or two groups; requests with far larger inputs are the second.

    An error counts as a share of the largest answer of its group, so larger answers would hide errors in smaller ones.
    """
    sizes = [_magnitude(request) for request in requests]
    usual = FAR_LARGER * min((size for size in sizes if size), default=0.0)
    groups = [
        [number for number, size in enumerate(sizes) if size <= usual],
        [number for number, size in enumerate(sizes) if size > usual],
    ]
    return [group for group in groups if group]


def _magnitude(request: Arrays) -> float:
    """The largest finite absolute value in a request's floating-point inputs."""
    numbers = [
        np.abs(array[np.isfinite(array)], dtype=np.float64) for array in request.values() if array.dtype.kind == "f"
    ]
    return max((float(found.max(initial=0.0)) for found in numbers), default=0.0)


def _batch(answer: Arrays) -> int:
    return max((len(array) for array in answer.values() if array.ndim), default=1)


def _write_trial(
    files: TrialFiles,
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
    manifest = Manifest(
        model="trial",
        version=1,
        signatures={name: signatures[name] for name in candidate.signatures},
        artifacts=(artifact,),
        files=tuple(FileEntry(path=path, size=0, sha256="") for path in candidate.files),
    )
    files.write_task(manifest, TrialTask(version_directory=str(directory.resolve()), threads=THREADS))
    for index, name in enumerate(candidate.signatures):
        for number, request in enumerate(exchanges[name].requests):
            files.write_arrays("request", index, number, to_engine(request))


def _run(files: TrialFiles) -> str:
    """Run the trial's process. Returns why it failed; empty if it did not."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")])),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    module = "models.packaging.trial_process"
    command = [sys.executable, "-m", module, str(files.directory), repr(time.monotonic())]
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
