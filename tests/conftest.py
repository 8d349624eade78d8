"""What several rooms of tests share: the sample models, trained and packaged once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import PROJECT


@pytest.fixture(scope="session")
def exports(repository: Path) -> Path:
    """The trained sample models, each with `saved_model/`, `test.npz` and `metrics.json`."""
    return repository.parent / "exports"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The packaged sample models; made where they are missing or out of date."""
    done = subprocess.run(
        [sys.executable, "-m", "models", "build"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return PROJECT / "build" / "repository"


@pytest.fixture
def models(repository: Path, tmp_path: Path) -> Path:
    """A model repository of the test's own, with one model."""
    root = tmp_path / "repository"
    shutil.copytree(repository / "iris", root / "iris")
    return root


@pytest.fixture(scope="session")
def unreachable(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Why the package index gave no answer; empty where it did."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-cache", "-"],
            cwd=tmp_path_factory.mktemp("index"),
            input="packaging",
            capture_output=True,
            text=True,
            timeout=60,
        )
    except subprocess.TimeoutExpired:
        return "no answer within 60 s"
    return "" if done.returncode == 0 else done.stderr.strip().rpartition("cause: ")[2] or "no reason given"


@pytest.fixture(autouse=True)
def index(request: pytest.FixtureRequest) -> None:
    """Skips what is marked `index` where no package index can be reached, with the reason."""
    if request.node.get_closest_marker("index") and (reason := request.getfixturevalue("unreachable")):
        pytest.skip(f"the package index cannot be reached: {reason}")
