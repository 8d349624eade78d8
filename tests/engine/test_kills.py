"""A sample of `python -m tests.engine.kills`: an update that is killed while callers call."""

import os
import subprocess
import sys

import pytest

from tests.paths import PROJECT


@pytest.mark.timeout(1200)
def test_an_update_that_is_killed_converges_and_no_request_fails(repository):
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.engine.kills",
            "--kills",
            "1",
            "--switch",
            "mode",
            "--seed",
            "7",
        ],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=1100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": killed after " in done.stdout  # an update may end before its moment comes
    assert done.stdout.count(", converged; ") == 1
