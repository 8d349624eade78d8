"""A sample of `python -m tests.engine.storms`: what callers get while something goes wrong with each publication."""

import pytest

from tests.engine.storms import LOADS, STORMS
from tests.processes import run_python

FURTHER = sorted(STORMS.keys() - LOADS.keys() - {"worker"})


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["worker", *(pytest.param(kind, marks=pytest.mark.whole) for kind in FURTHER)])
def test_every_answer_is_a_whole_one_of_a_version_and_no_request_fails_that_need_not(repository, kind):
    options = ["--rounds", "2", "--seed", "7", "--kind", kind]
    done = run_python("-W", "ignore", "-m", "tests.engine.storms", *options, timeout=800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" requests, ") == 2
