"""Image sizes: each target beside an image with a plain `pip install tensorflow-cpu`, all on one base."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.markdown import table
from benchmarks.object_server import ServerMissing
from benchmarks.paths import ROOT
from local.images import build, docker_command, inspect, trusted_bundle

TITLE = "Image sizes"
BASE_IMAGE = os.environ.get("BASE_IMAGE", "local/bookworm-python")
PLAIN = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY pins.txt /pins.txt
RUN --mount=type=secret,id=ca if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi; \
    python3 -m venv /venv \
    && /venv/bin/pip install --quiet --no-cache-dir --constraint /pins.txt tensorflow-cpu awslambdaric boto3
"""
"""What tutorials build: the wheel as it is, the runtime client, no cache left behind."""


def measure(quick: bool) -> dict[str, Any]:
    """Sizes in bytes, uncompressed, as Lambda counts them. `quick` changes nothing: a build is measured once."""
    command = docker_command()
    if command is None:
        raise ServerMissing("no Docker engine with BuildKit answers")
    for target in ("litert", "tensorflow"):
        build(target, f"tensorflow-lambda-bench:{target}", base_image=BASE_IMAGE)
    _build_plain(command)
    names = {name: f"tensorflow-lambda-bench:{name}" for name in ("litert", "tensorflow", "plain")}
    return {name: int(inspect(command, image)["Size"]) for name, image in {"base": BASE_IMAGE, **names}.items()}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """The whole images, their base included."""
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
            ("litert", "target `litert`"),
            ("tensorflow", "target `tensorflow`"),
            ("plain", "`pip install tensorflow-cpu awslambdaric boto3`"),
        )
    ]
    head = ["image", "whole", "beyond the base", "plain is larger by", "beyond the base by"]
    return "\n".join(
        [
            f"Uncompressed, all on one base image of {base / 1e6:,.0f} MB. A larger base makes the ratios of the whole "
            "images smaller, and leaves those of what is added as they are.\n",
            table(head, rows),
        ]
    )


def _build_plain(command: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        locked = (ROOT / "requirements.txt").read_text().splitlines()
        pins = [line.removesuffix("\\").strip() for line in locked if "==" in line]
        (Path(directory) / "pins.txt").write_text("\n".join(pins) + "\n")
        (Path(directory) / "Dockerfile").write_text(PLAIN)
        bundle = trusted_bundle()
        subprocess.run(
            [
                *(command, "build", "--quiet", "--tag", "tensorflow-lambda-bench:plain"),
                *("--build-arg", f"BASE_IMAGE={BASE_IMAGE}"),
                *(("--secret", f"id=ca,src={bundle}") if bundle else ()),
                directory,
            ],
            env={**os.environ, "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
