"""Two load generators, each in a process of its own: this project's, and vegeta, which others trust."""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VEGETA = "github.com/tsenart/vegeta/v12@v12.13.0"
"""https://github.com/tsenart/vegeta: an open loop at a constant rate, as `python -m ops load --pace constant` is."""

PERCENTILES = {"p50": "50th", "p90": "90th", "p95": "95th", "p99": "99th"}
"""By their name in our report, their name in vegeta's."""


class VegetaMissing(Exception):
    """There is no vegeta on PATH; the message has the command that installs it."""


def vegeta() -> str:
    """Its path. Raises VegetaMissing."""
    found = shutil.which("vegeta")
    if found is None:
        raise VegetaMissing(f"There is no vegeta on PATH. With Go, install it: go install {VEGETA}")
    return found


def ours(url: str, model: str, rate: int, seconds: int) -> dict[str, Any]:
    """A run of `python -m ops load`: what it prints as JSON, with `latencyMs` by percentile."""
    command = [sys.executable, "-m", "ops", "load", url, "--model", model, "--pace", "constant", "--warm-up", "0"]
    done = subprocess.run(
        [*command, "--rate", str(rate), "--seconds", str(seconds), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        raise RuntimeError(f"ops load printed nothing: {done.stderr}")
    return json.loads(done.stdout)


def theirs(url: str, body: bytes, rate: int, seconds: int) -> dict[str, Any]:
    """A run of vegeta with the same requests, in the words of `ours`. Raises VegetaMissing."""
    target: Mapping[str, Any] = {
        "method": "POST",
        "url": url,
        "body": base64.b64encode(body).decode(),
        "header": {"Content-Type": ["application/json"]},
    }
    with tempfile.TemporaryDirectory() as directory:
        targets, results = Path(directory) / "targets", Path(directory) / "results"
        targets.write_text(json.dumps(target) + "\n")
        attack = ["attack", "-format=json", f"-targets={targets}", f"-rate={rate}", f"-duration={seconds}s"]
        subprocess.run([vegeta(), *attack, f"-output={results}"], check=True)
        done = subprocess.run([vegeta(), "report", "-type=json", str(results)], capture_output=True, check=True)
    report = json.loads(done.stdout)
    return {
        "sent": report["requests"],
        "answered": report["status_codes"].get("200", 0),
        "rate": report["rate"],
        "latencyMs": {name: report["latencies"][their] / 1e6 for name, their in PERCENTILES.items()},
    }
