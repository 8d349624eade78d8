"""Checksums: what a load pays for the comparison of a file with its manifest."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.function_processes import run_module
from benchmarks.markdown import milliseconds, table
from benchmarks.statistics import median

TITLE = "Comparing files with their manifest"
SIZES = (6_000, 1_000_000, 14_000_000, 100_000_000)
"""Bytes: of a sample model, of a larger one, and about those of MobileNetV2 and ResNet50."""

WAYS: Mapping[str, str] = {"blake3": "BLAKE3 where it pays", "sha256": "SHA-256 alone"}


def measure(quick: bool) -> dict[str, Any]:
    """Compare files of each size, each time in a new process, both ways in turn."""
    found: list[dict[str, Any]] = []
    for size in SIZES[:1] if quick else SIZES:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "model"
            path.write_bytes(os.urandom(size))
            rounds = [{way: _one(way, path) for way in WAYS} for _ in range(2 if quick else 16)]
        found.append({"bytes": size, **{way: [each[way] for each in rounds[1:]] for way in WAYS}})
        print(f"  {size}: {', '.join(f'{way} {milliseconds(median(found[-1][way]))}' for way in WAYS)}", flush=True)
    return {"files": found}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """None: what is compared, and by what, is decided in a decision record."""
    return ()


def write(data: Mapping[str, Any], images: Path) -> str:
    """A table with the smallest file first."""
    rows = [
        [f"{file['bytes'] / 1e3:,.0f} kB", *(milliseconds(median(file[way])) for way in WAYS)]
        for file in sorted(data["files"], key=lambda file: file["bytes"])
    ]
    return "\n".join(
        [
            "Processor time of the first comparison in a process, imports included, with the file in the page cache. "
            "`docs/adr/0010-bytes-at-rest-are-checked.md` says what is compared, and when.\n",
            table(["file", *WAYS.values()], rows),
        ]
    )


def _one(way: str, path: Path) -> float:
    return json.loads(run_module("benchmarks.baselines.checksums", way, str(path), variables={}))["seconds"]
