"""The clients of KServe and MLServer, unchanged, against each way in and each mode, in environments of their own."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from local.stack import LocalStack
from tests.conformance.conftest import SAMPLE_STACKS
from tests.environments import python_of
from tests.paths import PROJECT

pytestmark = [pytest.mark.index, pytest.mark.timeout(900)]

LEAST = {"kserve": 195, "mlserver": 149}
"""How many questions each asks at least."""


@pytest.fixture(scope="module", params=["kserve", "mlserver"])
def client(request: pytest.FixtureRequest) -> tuple[str, Path]:
    return request.param, python_of(request.param)


@pytest.fixture(params=SAMPLE_STACKS, ids=" ".join)
def stack(sample_stacks, request: pytest.FixtureRequest) -> LocalStack:
    return sample_stacks[request.param]


@pytest.fixture(scope="module")
def questions(rows: np.ndarray, answers: np.ndarray, versions, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("questions") / "questions.json"
    path.write_text(json.dumps({"rows": rows.tolist(), "answers": answers.tolist(), "version": versions["iris"]}))
    return path


def test_every_question_is_answered_as_by_the_client_s_own_server(client, stack, questions):
    name, python = client
    script = PROJECT / "tests" / "conformance" / f"asking_{name}.py"
    command = [str(python), "-P", str(script), stack.api_url, str(questions)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["failed"] == []
    assert found["asked"] >= LEAST[name]
