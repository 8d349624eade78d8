"""The clients of KServe and MLServer, unchanged, against each way in and each mode, in environments of their own."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.conformance.conftest import SAMPLE_STACKS
from tests.environments import python_of
from tests.paths import PROJECT

pytestmark = [pytest.mark.index, pytest.mark.timeout(900)]

LEAST = {"kserve": 195, "mlserver": 149}
"""How many questions each asks at least."""


SAMPLE = {"kserve": SAMPLE_STACKS, "mlserver": [("http", "single"), ("alb", "multi")]}
"""Which stacks each asks; all with `--whole`."""

CASES = [
    pytest.param(name, stack, id=" ".join((name, *stack)), marks=() if stack in asked else pytest.mark.whole)
    for name, asked in SAMPLE.items()
    for stack in SAMPLE_STACKS
]


@pytest.fixture(scope="module")
def questions(rows: np.ndarray, answers: np.ndarray, versions, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("questions") / "questions.json"
    path.write_text(json.dumps({"rows": rows.tolist(), "answers": answers.tolist(), "version": versions["iris"]}))
    return path


@pytest.mark.parametrize(("name", "stack"), CASES)
def test_every_question_is_answered_as_by_the_client_s_own_server(sample_stacks, name, stack, questions):
    script = PROJECT / "tests" / "conformance" / f"asking_{name}.py"
    command = [str(python_of(name)), "-P", str(script), sample_stacks[stack].api_url, str(questions)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["failed"] == []
    assert found["asked"] >= LEAST[name]
