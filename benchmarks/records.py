"""Records: the raw results of one run of one section, stored in `benchmarks/results/`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run of a section."""

    section: str
    quick: bool
    """Whether it was a smoke run, whose few rounds give no meaningful numbers."""
    started: str
    """UTC, ISO 8601."""
    seconds: float
    """The duration of the run."""
    load_before: float
    """The machine's load average over one minute at the start."""
    machine: Mapping[str, str]
    data: Mapping[str, Any]
    """The section's measurements; each section has its own keys."""


def write_record(record: Record, directory: Path) -> Path:
    """Write a record; it replaces the section's older record."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{record.section}.json"
    path.write_text(json.dumps(asdict(record), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def read_record(section: str, directory: Path) -> Record | None:
    """The record of a section, or None if there is none."""
    path = directory / f"{section}.json"
    return Record(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
