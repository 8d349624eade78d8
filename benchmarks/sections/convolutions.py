"""Convolutions: how much faster long ones are when packaging splits them."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, ratio_figure
from benchmarks.markdown import milliseconds, table
from benchmarks.paths import PROJECT
from benchmarks.statistics import median, paired_ratio

TITLE = "Long convolutions"
SHAPES: Sequence[tuple[int, ...]] = (
    (28, 28, 3, 3, 576, 512),
    (14, 14, 3, 3, 768, 512),
    (28, 28, 3, 3, 768, 512),
    (14, 14, 3, 3, 1024, 512),
    (28, 28, 3, 3, 1024, 512),
    (1, 128, 1, 64, 128, 128),
    (1, 512, 1, 31, 512, 512),
    (1, 128, 1, 64, 1024, 128),
    (7, 7, 7, 7, 512, 256),
    (1, 2048, 1, 512, 128, 64),
)
"""Of the input, height and width; of the filter, rows, columns, input channels and outputs."""


def measure(quick: bool) -> dict[str, Any]:
    """Ask each convolution, whole and split, in turn. Raises CalledProcessError if two answers differ."""
    shapes = SHAPES[-3:-2] if quick else SHAPES
    texts = [",".join(map(str, shape)) for shape in shapes]
    command = [sys.executable, "-m", "benchmarks.baselines.long_convolutions", "3" if quick else "40", *texts]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)
    found = [
        {"shape": list(shape), **json.loads(line)} for shape, line in zip(shapes, done.stdout.splitlines(), strict=True)
    ]
    for text, each in zip(texts, found, strict=True):
        print(f"  {text}: {median(each['whole']) / median(each['split']):.2f} times as fast", flush=True)
    return {"convolutions": found}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """Splitting slows no convolution."""
    long = [each for each in data["convolutions"] if each["is_split"]]
    if not long:
        return ()
    least = min((paired_ratio(each["whole"], each["split"]) for each in long), key=lambda ratio: ratio.value)
    return (
        ratio_figure("a long convolution split into a sum: how many times as fast, at least", least, "at least", 1),
    )


def write(data: Mapping[str, Any], images: Path) -> str:
    """A table with the shortest first."""
    rows = [
        [
            "{0} × {1} × {4}".format(*each["shape"]),
            "{2} × {3}".format(*each["shape"]),
            f"{_length(each['shape']):,}",
            f"{each['parts']}" if each["is_split"] else f"({each['parts']})",
            milliseconds(median(each["whole"])),
            milliseconds(median(each["split"])),
            f"{median(each['whole']) / median(each['split']):.2f}×",
        ]
        for each in sorted(data["convolutions"], key=lambda each: _length(each["shape"]))
    ]
    head = ["input", "filter", "numbers for one output", "parts", "whole", "as a sum", "sooner"]
    return "\n".join(
        [
            "Packaging splits a convolution for LiteRT into a sum over parts of the input's channels if its filter has "
            f"{data['convolutions'][0]['long']:,} numbers or more for one output. Each file is asked in turn, on two "
            "threads. Parts in brackets: packaging leaves such a convolution whole.\n",
            table(head, rows, numbers_from=2),
        ]
    )


def _length(shape: Sequence[int]) -> int:
    return shape[2] * shape[3] * shape[4]
