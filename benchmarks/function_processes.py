"""Processes that run as a function's: their environment, how to run them, and the system's numbers about them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from benchmarks.paths import PROJECT
from handlers.contract import MIB_PER_VCPU

MEMORY_MIB = 2 * MIB_PER_VCPU
"""The memory that a function reads in its environment: that of two virtual processors."""
LAMBDA_VARIABLES: Mapping[str, str] = {
    "AWS_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MIB),
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
"""Variables that Lambda or the image sets, in a container and in a process."""


def function_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a function's process: what Lambda and the image set, and the function's variables."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PROJECT),
        "LAMBDA_TASK_ROOT": str(PROJECT),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "OPENBLAS_NUM_THREADS": "1",
        **LAMBDA_VARIABLES,
        **variables,
    }


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
