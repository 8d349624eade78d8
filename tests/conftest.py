"""What several rooms of tests share: the sample models, trained and packaged once."""

import gc
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.paths import PROJECT
from tests.processes import run_python

STACKS = (
    *("acceptance", "engine", "images", "policy", "program"),
    *("local/test_command_line.py", "local/test_shapes.py"),
)
"""What builds images from all that is below build/images, or keeps the stack `dev` running."""

LAID_OUT_WHERE_THEY_ARE = (*STACKS, "components")
"""What lays models out below build/images, or in directories of its own. All others lay them out elsewhere: they would
change the images that `STACKS` builds at the same time."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run every case, also where a sample states the same fact")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a sample stands for."""
    if not config.getoption("--whole"):
        left_out = [item for item in items if item.get_closest_marker("whole")]
        items[:] = [item for item in items if not item.get_closest_marker("whole")]
        config.hook.pytest_deselected(items=left_out)


APART = ("ops/load/",)
"""Parts of a room that share nothing with its rest. Each is a room of its own, so that both workers end together."""


class Rooms(LoadScopeScheduling):
    """Gives all tests of a room to one worker: they share expensive fixtures, or files."""

    def _split_scope(self, nodeid: str) -> str:
        path = _in_tests(nodeid)
        if path.startswith(STACKS):
            return "stacks"
        return next((part for part in APART if path.startswith(part)), path.partition("/")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Rooms:
    """How `-n 2 --dist loadscope` divides the tests."""
    return Rooms(config, log)


@pytest.fixture(scope="module", autouse=True)
def what_earlier_modules_hold_is_not_searched_for_garbage() -> None:
    """A collection looks at every object of the process. After a thousand tests that takes seconds, and each model that
    is closed makes one."""
    gc.collect()
    gc.freeze()


def _in_tests(nodeid: str) -> str:
    return nodeid.partition("::")[0].removeprefix("tests/")


@pytest.fixture(scope="session")
def elsewhere(worker_id: str) -> Iterator[Path]:
    """A directory of the project that is this process's own."""
    path = Path(f"build/images-{worker_id}")
    yield path
    shutil.rmtree(PROJECT / path, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def models_of_images(request: pytest.FixtureRequest, elsewhere: Path) -> Iterator[None]:
    """Where the program lays out the models of images."""
    with pytest.MonkeyPatch.context() as patch:
        if "pulumi" in sys.modules and not _in_tests(request.node.nodeid).startswith(LAID_OUT_WHERE_THEY_ARE):
            patch.setattr("components.stack.stack_storages.IMAGES_DIRECTORY", elsewhere)
            patch.setattr("components.image.handler_image.CONTEXT_DIRECTORIES", (Path("handlers"), elsewhere))
        yield


@pytest.fixture(scope="session", autouse=True)
def resources_without_stack_traces() -> Iterator[None]:
    """Pulumi's SDK sends the stack of each resource to the engine: in a test, 65 frames, most of them pytest's. That is
    a quarter of the time of a program."""
    with pytest.MonkeyPatch.context() as patch:
        if "pulumi" in sys.modules:
            from pulumi.runtime.proto import source_pb2

            patch.setattr("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace)
        yield


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
