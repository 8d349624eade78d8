"""TrialFiles: what a trial's process is given, and what it gives back, as files in one directory."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from handlers.manifest import CallMemory, Manifest
from handlers.manifest_reading import parse_manifest
from models.packaging.arrays import Arrays, load_arrays, save_arrays
from models.packaging.requests.exchange import Answer, Rejection

ArraysKind = Literal["request", "answer", "again"]
"""`again` is the answer to the same request in the second round, which goes through the requests backwards."""
REJECTED = ".rejected"
"""Suffix of the file that stands in place of an answer, and holds the reason."""


@dataclass(frozen=True, kw_only=True)
class TrialTask:
    """What a trial's process does."""

    version_directory: str
    """Where the candidate's files are."""
    threads: int
    """How many threads the engine may use."""
    usual: Mapping[str, int]
    """How many requests to each signature are usual; they come first."""


@dataclass(frozen=True, kw_only=True)
class WarmCalls:
    """Repeated calls of one signature with one request."""

    fastest_seconds: float
    """What else runs on the machine only adds to a call: the fastest differs least from one packaging to another."""
    median_seconds: float
    calls: int


@dataclass(frozen=True, kw_only=True)
class TrialReport:
    """What a trial's process measured of itself."""

    load_seconds: float
    """Importing the engine and loading the candidate."""
    first_call_seconds: float
    first_answer_seconds: float
    """From just before the process started until its first answer."""
    first_answer_cpu_seconds: float
    """Processor time of the same span."""
    signatures: Mapping[str, WarmCalls]
    resident_bytes: int
    """Memory in RAM after all answers."""
    peak_bytes: int
    """The largest memory in RAM up to then."""
    memory_bytes: int
    """Growth of the process when it loads the candidate a second time and answers all requests."""


@dataclass(frozen=True)
class TrialFiles:
    """The directory of one trial."""

    directory: Path

    def write_task(self, manifest: Manifest, task: TrialTask) -> None:
        """Write the task, and a manifest whose only artifact is the candidate."""
        (self.directory / "trial.json").write_text(manifest.to_json(), encoding="utf-8")
        self._write_json("task.json", asdict(task))

    def read_task(self) -> tuple[Manifest, TrialTask]:
        """Read what `write_task` wrote."""
        return parse_manifest((self.directory / "trial.json").read_bytes()), TrialTask(**self._read_json("task.json"))

    @property
    def has_report(self) -> bool:
        """Whether the trial came as far as its report."""
        return (self.directory / "report.json").is_file()

    def write_call_memory(self, lines: Mapping[str, CallMemory]) -> None:
        """Write what calls take, by signature; the last step of a trial."""
        self._write_json("calls.json", {name: line._asdict() for name, line in lines.items()})

    def read_call_memory(self) -> Mapping[str, CallMemory]:
        """Read what `write_call_memory` wrote; empty if the trial did not come so far."""
        if not (self.directory / "calls.json").is_file():
            return {}
        return {name: CallMemory(**line) for name, line in self._read_json("calls.json").items()}

    def write_report(self, report: TrialReport) -> None:
        """Write the report; all that decides has been tried."""
        self._write_json("report.json", asdict(report))

    def read_report(self) -> TrialReport:
        """Read what `write_report` wrote."""
        document = self._read_json("report.json")
        document["signatures"] = {name: WarmCalls(**calls) for name, calls in document["signatures"].items()}
        return TrialReport(**document)

    def write_arrays(self, kind: ArraysKind, signature: int, number: int, arrays: Arrays) -> None:
        """Write one request or answer: the `number`th of the candidate's `signature`th signature."""
        save_arrays(self.directory / f"{kind}-{signature}-{number:04}.bin", arrays)

    def write_rejection(self, kind: ArraysKind, signature: int, number: int, reason: str) -> None:
        """Write that the engine rejects the request of this number."""
        path = self.directory / f"{kind}-{signature}-{number:04}{REJECTED}"
        path.write_text(reason, encoding="utf-8")

    def read_requests(self, signature: int) -> Sequence[Arrays]:
        """Read all requests to the candidate's `signature`th signature, in order."""
        return [load_arrays(path) for path in sorted(self.directory.glob(f"request-{signature}-*.bin"))]

    def read_answers(self, kind: ArraysKind, signature: int) -> Sequence[Answer]:
        """Read all answers of the candidate's `signature`th signature, in order."""
        paths = [
            *self.directory.glob(f"{kind}-{signature}-*.bin"),
            *self.directory.glob(f"{kind}-{signature}-*{REJECTED}"),
        ]
        return [
            Rejection(path.read_text(encoding="utf-8")) if path.suffix == REJECTED else load_arrays(path)
            for path in sorted(paths)
        ]

    def _write_json(self, name: str, document: Mapping[str, Any]) -> None:
        written = self.directory / f"{name}.part"
        written.write_text(json.dumps(document), encoding="utf-8")
        written.replace(self.directory / name)  # whole or not at all: the process may end meanwhile

    def _read_json(self, name: str) -> dict[str, Any]:
        return json.loads((self.directory / name).read_text(encoding="utf-8"))
