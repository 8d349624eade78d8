"""The images, built once for all tests from a copy of the sources."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from images.building import build, docker_command
from tests.images.docker import Image
from tests.paths import PROJECT

ROOM = Path(__file__).parent
LOCAL_BASE = "local/bookworm-python"
MODELS = "build/images/test"
"""Models to bake, in the context."""

Build = Callable[..., Image]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if ROOM in item.path.parents and "base" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def engine() -> Iterator[None]:
    """A Docker engine. Tests that need one are skipped if none answers."""
    command = docker_command()
    if command is None:
        pytest.skip("no Docker engine with BuildKit answers on this machine")
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{Path(command).parent}{os.pathsep}{path}"
    yield
    os.environ["PATH"] = path


@pytest.fixture(scope="session")
def base(engine: None) -> Image:
    """The base image of this machine: BASE_IMAGE, or the one that `.ci/base-image` makes."""
    name = os.environ.get("BASE_IMAGE", LOCAL_BASE)
    if subprocess.run(["docker", "image", "inspect", name], capture_output=True).returncode:
        pytest.skip(f"the base image {name} is not on this machine; .ci/base-image makes one")
    return Image(name)


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A copy of the build context, so that an edit does not change an image between two builds."""
    context = tmp_path_factory.mktemp("context")
    shutil.copytree(PROJECT / "handlers", context / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / ".dockerignore", context)
    for model in ("iris", "digits"):
        shutil.copytree(repository / model, context / MODELS / model)
    (context / "secret.txt").write_text("not for an image")
    return context


@pytest.fixture(scope="session")
def build_image(base: Image, context: Path) -> Iterator[Build]:
    """Build a target on this machine's base image. The images are removed at the end; Docker keeps its cache."""
    names: list[str] = []

    def build_target(target: str, **options: object) -> Image:
        names.append(f"tensorflow-lambda-test:{target}-{len(names)}")
        return Image(build(target, names[-1], **{"base_image": base.id, "context": context, **options}))

    yield build_target
    subprocess.run(["docker", "image", "rm", *names], capture_output=True)  # by name: an image may have others


@pytest.fixture(scope="session")
def litert(build_image: Build) -> Image:
    return build_image("litert")


@pytest.fixture(scope="session")
def onnxruntime(build_image: Build) -> Image:
    return build_image("onnxruntime")


@pytest.fixture(scope="session")
def tensorflow(build_image: Build) -> Image:
    return build_image("tensorflow")


@pytest.fixture(scope="session")
def baked(build_image: Build) -> Image:
    """The tensorflow target with two models baked in."""
    return build_image("baked-tensorflow", models_directory=MODELS)
