"""What several rooms of tests share: the sample models, trained and packaged once."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import PROJECT
from tests.processes import run_python

STACK_ROOMS = frozenset({"acceptance", "callers", "conformance", "engine", "identical", "images", "local", "page"})
"""What deploys stacks on this machine: they have one name, and so one directory below build/images."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run every case, also where a sample states the same fact")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a sample stands for, and let one worker run what shares expensive fixtures or files."""
    if not config.getoption("--whole"):
        left_out = [item for item in items if item.get_closest_marker("whole")]
        items[:] = [item for item in items if not item.get_closest_marker("whole")]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        room = item.path.relative_to(PROJECT / "tests").parts[0]
        item.add_marker(pytest.mark.xdist_group("stacks" if room in STACK_ROOMS else room))


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> bool:
    """Whether every case is to run, and not a sample of them."""
    return bool(request.config.getoption("--whole"))


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
