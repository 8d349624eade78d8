"""What several rooms of tests share: the sample models, trained and packaged once."""

import shutil
from pathlib import Path

import pytest

from tests.paths import PROJECT
from tests.processes import run_python


@pytest.fixture(scope="session")
def exports(repository: Path) -> Path:
    """The trained sample models, each with `saved_model/`, `test.npz` and `metrics.json`."""
    return repository.parent / "exports"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The packaged sample models; made where they are missing or out of date."""
    done = run_python("-m", "models", "build", timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return PROJECT / "build" / "repository"


@pytest.fixture
def models(repository: Path, tmp_path: Path) -> Path:
    """A model repository of the test's own, with one model."""
    root = tmp_path / "repository"
    shutil.copytree(repository / "iris", root / "iris")
    return root
