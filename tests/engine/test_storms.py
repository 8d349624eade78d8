"""A sample of `python -m tests.engine.storms`: what callers get while something goes wrong with each publication."""

import os
import subprocess
import sys

import pytest

from tests.engine.storms import STORMS
from tests.paths import PROJECT


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", sorted(STORMS.keys() - {"load"}))
def test_every_answer_is_a_whole_one_of_a_version_and_no_request_fails_that_need_not(repository, kind):
    command = [sys.executable, "-W", "ignore", "-m", "tests.engine.storms", "--rounds", "2", "--seed", "7"]
    done = subprocess.run(
        [*command, "--kind", kind],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" requests, ") == 2
