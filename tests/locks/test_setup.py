"""`make setup` says at once where an environment cannot be made."""

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
    for file in ("Makefile", "requirements-dev.txt"):
        shutil.copy(PROJECT / file, tmp_path)
    python = tmp_path / "python"
    python.write_text(PYTHON.format(python=sys.executable, pretence=pretence))
    python.chmod(0o755)
    done = subprocess.run(["make", f"PYTHON={python}", "setup"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / ".venv").exists()
