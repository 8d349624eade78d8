"""Runs programs of the project in processes that lack what macOS lacks."""

import subprocess
import sys
from pathlib import Path

from tests.processes import run_python

WRAPPER = """#!/bin/sh
PYTHONPATH="{directory}${{PYTHONPATH:+:$PYTHONPATH}}" exec "{python}" "$@"
"""


def run_like_macos(directory: Path, *arguments: str, timeout: float = 250) -> "subprocess.CompletedProcess[str]":
    """Run Python with these arguments, and whatever it starts with `sys.executable`, without what macOS lacks.

    `directory` holds what makes them so.
    """
    python = directory / "python"
    (directory / "sitecustomize.py").write_bytes(Path(__file__).with_name("sitecustomize.py").read_bytes())
    python.write_text(WRAPPER.format(directory=directory, python=sys.executable))
    python.chmod(0o755)
    return run_python(*arguments, python=python, timeout=timeout)
