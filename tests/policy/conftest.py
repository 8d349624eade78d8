"""Fixtures of the policy tests: the pack in the environment that its lock file describes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import PROJECT

PACK = PROJECT / "policy"


@pytest.fixture(scope="session")
def pack_python() -> Path:
    return python_of_the_pack()


def python_of_the_pack() -> Path:
    """The Python of an environment with the packages of policy/requirements.txt, made once in build/."""
    environment = PROJECT / "build" / "policy"
    locked, stamp = PACK / "requirements.txt", environment / "installed.txt"
    python = environment / "bin" / "python"
    if not stamp.is_file() or stamp.read_text() != locked.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True, timeout=120)
        install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", locked]
        made = subprocess.run(install, capture_output=True, text=True, timeout=280, check=False)
        if "NewConnectionError" in made.stderr or "Temporary failure in name resolution" in made.stderr:
            pytest.skip("the policy pack's environment needs the network once, and there is none")
        assert made.returncode == 0, made.stderr
        stamp.write_text(locked.read_text())
    return python
