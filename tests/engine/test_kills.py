"""A sample of `python -m tests.engine.kills`: an update that is killed while callers call."""

import pytest

from tests.processes import run_python


@pytest.mark.timeout(1200)
def test_an_update_that_is_killed_converges_and_no_request_fails(repository):
    options = ["--kills", "1", "--switch", "mode", "--seed", "7"]
    done = run_python("-W", "ignore", "-m", "tests.engine.kills", *options, timeout=1100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": killed after ") == 1
    assert "DOES NOT CONVERGE" not in done.stdout
    assert done.stdout.count(" orphans\n") == done.stdout.count(", converged; ")
