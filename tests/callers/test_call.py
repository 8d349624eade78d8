"""`python -m ops call`: a prediction of a stack, whatever it asks of callers."""

import json
import subprocess

import pytest

from tests.callers.asking import ROW
from tests.callers.conftest import Stacks
from tests.processes import run_python


def call(stacks: Stacks, name: str, body: str) -> "subprocess.CompletedProcess[str]":
    assert stacks[name].models  # it runs
    return run_python("-m", "ops", "call", "iris", body, "--stack", f"callers-{name}", timeout=60)


@pytest.mark.parametrize("name", ["iam", "rest", "url", "jwt"])
def test_a_call_signs_or_shows_a_token_by_itself(stacks: Stacks, name: str) -> None:
    done = call(stacks, name, json.dumps([ROW]))
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["predictions"][0]) == 3


def test_a_call_that_fails_says_how_to_find_it(stacks: Stacks) -> None:
    done = call(stacks, "iam", "[[1]]")
    assert done.returncode == 1
    assert done.stderr.startswith("400 ")
    assert "python -m ops find " in done.stderr


def test_a_body_that_is_no_json_is_refused_with_an_example(stacks: Stacks) -> None:
    done = call(stacks, "iam", "5.1, 3.5")
    assert (done.returncode, "such as '[[5.1" in done.stderr) == (2, True)


def test_a_stack_that_does_not_run_is_said_to_be_none() -> None:
    done = run_python("-m", "ops", "call", "iris", "[[1]]", "--stack", "nobody-s", timeout=60)
    assert done.returncode == 2
    assert "nobody-s" in done.stderr
