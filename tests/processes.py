"""Runs Python programs of the project in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.paths import PROJECT


def run_python(
    *arguments: str, timeout: float, python: str | Path = sys.executable
) -> "subprocess.CompletedProcess[str]":
    """Run Python in the project's directory, and keep what it prints."""
    return subprocess.run(
        [str(python), *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
