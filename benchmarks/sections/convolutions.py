"""Convolutions: how much faster they are as packaging changes them for LiteRT."""

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

TITLE = "Convolutions"
LONG: Sequence[tuple[int, ...]] = (
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

TRANSPOSED: Sequence[tuple[int, ...]] = (
    (64, 64, 2, 2, 64, 32, 2),
    (28, 28, 3, 3, 32, 32, 2),
    (64, 64, 3, 3, 128, 64, 2),
    (32, 32, 4, 4, 256, 512, 2),
    (16, 16, 5, 5, 256, 128, 2),
    (16, 16, 5, 5, 64, 64, 4),
    (28, 28, 3, 3, 64, 64, 1),
    (56, 56, 16, 16, 64, 21, 8),
)
"""The same, and the stride."""


def measure(quick: bool) -> dict[str, Any]:
    """Ask each convolution before and after the change, in turn. Raises CalledProcessError if two answers differ."""
    long, transposed = (LONG[-3:-2], TRANSPOSED[:1]) if quick else (LONG, TRANSPOSED)
    texts = [",".join(map(str, shape)) for shape in (*long, *transposed)]
    command = [sys.executable, "-m", "benchmarks.baselines.convolutions", "3" if quick else "40", *texts]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)
    found = [
        {"shape": list(shape), **json.loads(line)}
        for shape, line in zip((*long, *transposed), done.stdout.splitlines(), strict=True)
    ]
    for text, each in zip(texts, found, strict=True):
        print(f"  {text}: {_gain(each):.2f} times as fast", flush=True)
    return {"long": found[: len(long)], "transposed": found[len(long) :]}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """No convolution becomes slower."""
    kinds = {
        "a long convolution split into a sum": [each for each in data["long"] if each["is_split"]],
        "a transposed convolution as a convolution": data["transposed"],
    }
    return [
        ratio_figure(f"{kind}: how many times as fast, at least", _least(found), "at least", 1)
        for kind, found in kinds.items()
        if found
    ]


def write(data: Mapping[str, Any], images: Path) -> str:
    """A table for each kind, the shortest filters first."""
    long = [
        [
            *_shapes(each),
            f"{_length(each):,}",
            f"{each['parts']}" if each["is_split"] else f"({each['parts']})",
            *_times(each),
        ]
        for each in sorted(data["long"], key=_length)
    ]
    transposed = [
        [*_shapes(each), f"{each['shape'][5]}", f"{each['shape'][6]}", *_times(each)]
        for each in sorted(data["transposed"], key=_length)
    ]
    return "\n".join(
        [
            "Packaging changes convolutions for LiteRT. Each file is asked in turn, on two threads.\n",
            "### Long convolutions\n",
            "A convolution becomes a sum over parts of the input's channels if its filter has "
            f"{data['long'][0]['long']:,} numbers or more for one output. Parts in brackets: packaging leaves such a "
            "convolution whole.\n",
            table(
                ["input", "filter", "numbers for one output", "parts", "whole", "as a sum", "sooner"],
                long,
                numbers_from=2,
            ),
            "### Transposed convolutions\n",
            "A transposed convolution becomes a convolution that makes the outputs for each position as channels. The "
            "batch is free, and has one example.\n",
            table(
                ["input", "filter", "outputs", "stride", "as TensorFlow converts it", "as a convolution", "sooner"],
                transposed,
                numbers_from=2,
            ),
        ]
    )


def _least(found: Sequence[Mapping[str, Any]]) -> Any:
    return min((paired_ratio(each["before"], each["after"]) for each in found), key=lambda ratio: ratio.value)


def _shapes(each: Mapping[str, Any]) -> tuple[str, str]:
    return "{0} × {1} × {4}".format(*each["shape"]), "{2} × {3}".format(*each["shape"])


def _times(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return milliseconds(median(each["before"])), milliseconds(median(each["after"])), f"{_gain(each):.2f}×"


def _gain(each: Mapping[str, Any]) -> float:
    return median(each["before"]) / median(each["after"])


def _length(each: Mapping[str, Any]) -> int:
    shape = each["shape"]
    return shape[2] * shape[3] * shape[4]
