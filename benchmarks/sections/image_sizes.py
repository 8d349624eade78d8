"""Image sizes: each target beside an image with a plain `pip install tensorflow-cpu`, all on one base."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.image_engine import BASE_IMAGE, ImageEngine
from benchmarks.markdown import table
from images.building import ENGINE_TARGETS, inspect

TITLE = "Image sizes"


def measure(quick: bool) -> dict[str, Any]:
    """Build the images, and return their uncompressed sizes in bytes, as Lambda counts them; `quick` has no effect."""
    engine = ImageEngine()
    names = {"base": BASE_IMAGE, **engine.build()}
    return {name: int(inspect(engine.command, image)["Size"]) for name, image in names.items()}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """The whole images, with their base."""
    return [
        Figure(
            what=f"plain image beside the target `{target}`",
            value=data["plain"] / data[target],
            unit="×",
            sense="at least",
            bound=bound,
        )
        for target, bound in (("litert", 10), ("tensorflow", 2))
    ]


def write(data: Mapping[str, Any], images: Path) -> str:
    """One table."""
    base = data["base"]
    rows = [
        [
            label,
            f"{data[name] / 1e6:,.0f} MB",
            f"{(data[name] - base) / 1e6:,.0f} MB",
            f"{data['plain'] / data[name]:.1f}×",
            f"{(data['plain'] - base) / (data[name] - base):.1f}×",
        ]
        for name, label in (
            *((target, f"target `{target}`") for target in ENGINE_TARGETS),
            ("plain", "`pip install tensorflow-cpu awslambdaric boto3`"),
        )
        if name in data
    ]
    head = ["image", "whole", "beyond the base", "plain is larger by", "beyond the base by"]
    return "\n".join(
        [
            f"Sizes are uncompressed. All images have one base image of {base / 1e6:,.0f} MB. A larger base makes the "
            "ratios of whole images smaller, but not the ratios beyond the base.\n",
            table(head, rows),
        ]
    )
