"""Records: the raw results of one run of one section, as they are kept in `benchmarks/results/`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one run of a section found."""

    section: str
    quick: bool
    """A smoke run: too few rounds for its numbers to mean anything."""
    started: str
    """UTC, ISO 8601."""
    seconds: float
    """How long the run took."""
    load_before: float
    """The machine's load average of one minute when it began."""
    machine: Mapping[str, str]
    data: Mapping[str, Any]
    """What the section measured; only the section knows its shape."""


def write_record(record: Record, directory: Path) -> Path:
    """Keep a record, instead of an older one of the same section."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{record.section}.json"
    path.write_text(json.dumps(asdict(record), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def read_record(section: str, directory: Path) -> Record | None:
    """The record of a section, or None if it has not been measured."""
    path = directory / f"{section}.json"
    return Record(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
