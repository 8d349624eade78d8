"""`make setup` says at once where an environment cannot be made."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import PROJECT

PYTHON = """#!/bin/sh
exec "{python}" -c "import platform, sys; {pretence}; exec(sys.argv[1])" "$2"
"""


@pytest.mark.parametrize(
    ("pretence", "said"),
    [
        (
            "sys.version_info = (3, 9); platform.python_version = lambda: '3.9.6'",
            "is 3.9.6. Try: make PYTHON=python3.12 setup",
        ),
        ("sys.version_info = (3, 14)", "TensorFlow needs Python 3.11, 3.12 or 3.13"),
        (
            "platform.system, platform.machine = lambda: 'Darwin', lambda: 'x86_64'",
            "says that this is Darwin x86_64. Use the container in .devcontainer; on Windows, WSL.",
        ),
        ("platform.machine = lambda: 'riscv64'", "on Linux (x86-64, arm64) and on Macs with Apple silicon"),
    ],
)
def test_a_machine_without_a_tensorflow_is_told_what_to_do(tmp_path: Path, pretence: str, said: str) -> None:
    done = set_up(tmp_path, pretence)
    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("python", "made_anew"), [("true", False), ("false", True), ("absent", True)], ids=["runs", "fails", "is gone"]
)
def test_an_environment_is_made_anew_if_its_packages_do_not_run_here(tmp_path, python, made_anew) -> None:
    """As when a container sees the environment of the machine around it."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(shutil.which(python) or tmp_path / python)
    shutil.copy(PROJECT / "requirements-dev.txt", tmp_path / ".venv" / ".installed")
    done = set_up(tmp_path, "sys.exit('made anew')")
    assert ("made anew" in done.stderr) is made_anew
    assert (done.returncode != 0) is made_anew


def test_the_development_container_makes_the_same_environment() -> None:
    described = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text())
    dockerfile = (PROJECT / ".devcontainer" / described["build"]["dockerfile"]).read_text()
    assert described["postCreateCommand"] == "make setup"
    assert f"\nUSER {described['remoteUser']}\n" in dockerfile
    python = re.search(r"^FROM python:3\.(\d+)-", dockerfile, re.MULTILINE)
    assert python is not None
    assert 11 <= int(python[1]) <= 13
    for program in ("git", "make"):
        assert f" {program} " in dockerfile


def set_up(directory: Path, pretence: str) -> "subprocess.CompletedProcess[str]":
    """`make setup` in a directory, with a Python that pretends."""
    for file in ("Makefile", "requirements-dev.txt"):
        shutil.copy(PROJECT / file, directory)
    python = directory / "python"
    python.write_text(PYTHON.format(python=sys.executable, pretence=pretence))
    python.chmod(0o755)
    return subprocess.run(["make", f"PYTHON={python}", "setup"], cwd=directory, capture_output=True, text=True)
