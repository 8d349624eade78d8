"""Runs trials: each candidate in a process of its own, so that nothing else is in its load time and memory."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.manifest import Artifact, CallMemory, Manifest, Signature
from handlers.serving.engines import EngineError
from models.packaging.arrays import from_engine, to_engine
from models.packaging.candidates import Candidate
from models.packaging.judgement import Rules, Verdict, judge
from models.packaging.repository import list_files
from models.packaging.requests.exchange import Answer, Exchange, Rejection
from models.packaging.trial_files import ArraysKind, TrialFiles, TrialReport, TrialTask
from models.places import PROJECT

TIMEOUT_SECONDS = 900
ENGINE_ERROR = f"{EngineError.__module__}.{EngineError.__qualname__}: "
"""What Python prints before the message of an EngineError."""
THREADS = min(2, os.cpu_count() or 1)

NOT_COMPARED = "0" * 64
"""Stands for the SHA-256 of a candidate's file, which a trial loads where it lies."""


class TrialFailed(Exception):
    """A candidate did not load or did not answer; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The result of one candidate's trial."""

    candidate: Candidate
    size: int
    """Bytes of its files."""
    verdicts: Mapping[str, Verdict]
    """For each signature, how its answers compare with the reference's."""
    report: TrialReport
    """What its process measured of itself."""
    call_memory: Mapping[str, CallMemory]
    """See `Artifact.call_memory`."""

    def failure_of(self, signature: str) -> str:
        """Why this candidate cannot serve a signature; empty if it can."""
        return self.verdicts[signature].difference.reason

    def measured(self) -> dict[str, Any]:
        """The measurements for the manifest, rounded to the digits that repeat."""
        return {
            "size_bytes": self.size,
            "load_seconds": round(self.report.load_seconds, 4),
            "first_answer_seconds": round(self.report.first_answer_seconds, 4),
            "first_answer_cpu_seconds": round(self.report.first_answer_cpu_seconds, 4),
            "fastest_seconds": {
                name: round(calls.fastest_seconds, 7) for name, calls in self.report.signatures.items()
            },
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
    rules: Rules,
) -> Trial:
    """Ask a candidate every request of its signatures, and compare its answers. Raises TrialFailed.

    Args:
        candidate: what to try.
        directory: the version's directory, with the candidate's files.
        signatures: the model's signatures.
        exchanges: requests and the reference's answers, for each signature.
        rules: what counts as the same answer.
    """
    size = candidate.size(directory)
    with tempfile.TemporaryDirectory(prefix="trial-") as name:
        files = TrialFiles(Path(name))
        _write_trial(files, candidate, directory, signatures, exchanges)
        if failure := _run(files):
            raise TrialFailed(failure)
        verdicts = {
            name: judge(
                exchanges[name],
                _answers(files, "answer", index, signatures[name]),
                _answers(files, "again", index, signatures[name]),
                rules,
            )
            for index, name in enumerate(candidate.signatures)
        }
        report, call_memory = files.read_report(), files.read_call_memory()
    return Trial(candidate=candidate, size=size, report=report, call_memory=call_memory, verdicts=verdicts)


def _answers(files: TrialFiles, kind: ArraysKind, index: int, signature: Signature) -> list[Answer]:
    """The answers of the candidate's `index`th signature, with the element types that the reference gives."""
    return [
        answer if isinstance(answer, Rejection) else from_engine(answer, signature.outputs)
        for answer in files.read_answers(kind, index)
    ]


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
        files=list_files(directory, candidate.files),
    )
    usual = {
        name: sum(request.kind == "usual" for request in exchanges[name].requests) for name in candidate.signatures
    }
    files.write_task(manifest, TrialTask(version_directory=str(directory.resolve()), threads=THREADS, usual=usual))
    for index, name in enumerate(candidate.signatures):
        for number, request in enumerate(exchanges[name].requests):
            files.write_arrays("request", index, number, to_engine(request.inputs))


def _run(files: TrialFiles) -> str:
    """Run the trial's process. Returns why it failed; empty if it came to its report."""
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
        return "" if files.has_report else f"it did not finish within {TIMEOUT_SECONDS} s"
    if files.has_report:
        return ""
    if done.returncode < 0:
        return f"its process was ended by {signal.Signals(-done.returncode).name}"
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        return lines[-1].removeprefix(ENGINE_ERROR)[:300]
    return ""
