"""Processes that run as a function's: how to run them, and the system's numbers about them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from benchmarks.paths import PROJECT
from models.profiling.environment import function_environment


def run_module(module: str, *arguments: str, variables: Mapping[str, str], stdin: str = "") -> str:
    """Run a module in a function's environment. Returns its standard output.

    Raises CalledProcessError if its exit code is not 0.
    """
    ended = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        env=function_environment(variables),
        input=stdin,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ended.stdout


def take_stdout() -> TextIO:
    """Reserve standard output for this process's answer. Whatever handlers log there from now on is dropped."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return answer


def process_number(pid: int, file: str, name: str) -> int:
    """The system's number about a process, from a line of `/proc/<pid>/<file>`. Raises LookupError."""
    for line in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise LookupError(f"/proc/{pid}/{file} has no line {name!r}")
