"""A sample of `python -m tests.engine.kills`: updates that are killed while callers call."""

import pytest

from tests.processes import run_python


@pytest.mark.timeout(1200)
def test_updates_that_are_killed_converge_and_no_request_fails(repository):
    options = ["--kills", "2", "--switch", "storage", "--seed", "7"]
    done = run_python("-W", "ignore", "-m", "tests.engine.kills", *options, timeout=1100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": killed after " in done.stdout  # an update may end before its moment comes
    assert done.stdout.count(", converged; ") == 2
