"""Pulumi's own engine on an emulated AWS: one model of a repository of its own, in stacks of their own."""

import gc
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.engine.results import Result
from local.engine.running import EngineRun, engine_run
from local.engine.stack import EngineStack, pulumi_command
from local.stack import SETTINGS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this directory needs the engine."""
    here = Path(__file__).parent
    lacking = pytest.mark.skip(reason="there is no pulumi on PATH")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.engine)
            # The SDK leaves what a program that failed was waiting for to the garbage collector.
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))
            if pulumi_command() is None:
                item.add_marker(lacking)


@pytest.fixture(autouse=True)
def garbage_is_collected_by_the_test_that_left_it() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[EngineRun]:
    """An emulated AWS with an empty stack of the real program."""
    with engine_run(tmp_path / "pulumi") as run:
        yield run


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineRun]:
    """An emulated AWS with one stack for all tests of a file. Each says all the settings that it needs."""
    with engine_run(tmp_path_factory.mktemp("pulumi")) as run:
        yield run


@pytest.fixture(scope="module")
def of_living(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What that stack is configured with besides the stack file, with one model of the file's own."""
    root = tmp_path_factory.mktemp("models")
    shutil.copytree(repository / "iris", root / "iris")
    return {**SETTINGS, "modelRepository": str(root), "deleteModelsOnDestroy": True}


@pytest.fixture
def settings(models: Path) -> dict[str, Any]:
    """What the stacks are configured with besides the stack file."""
    return {**SETTINGS, "modelRepository": str(models), "deleteModelsOnDestroy": True}


Program = Callable[[str], EngineStack]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Writes a small program; its stack, which stays the same when the program is written anew."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: house\nruntime: python\n")
    with engine_run(tmp_path / "pulumi", project=project) as run:

        def program(source: str) -> EngineStack:
            (project / "__main__.py").write_text(textwrap.dedent(source))
            return run.stack

        yield program


def succeeded(result: Result) -> Result:
    """The result of an operation that must not fail."""
    assert result.succeeded, result.errors
    return result
