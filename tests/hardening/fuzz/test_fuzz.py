"""The first rounds of `make fuzz`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import PROJECT


@pytest.mark.timeout(900)
def test_generated_requests_are_answered_as_they_must_be(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.hardening.fuzz", "--minutes", "0", "--examples", "60"]
    done = subprocess.run(
        [*command, "--repository", repository, "--corpus", tmp_path],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every answer is as it must be" in done.stdout
