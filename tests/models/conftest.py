"""Fixtures for packaging."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator import CREDENTIALS, REGION, Emulator
from local.guard import Guard
from models.packaging.options import PackageOptions
from models.packaging.package import package
from models.packaging.repository import ModelRepository
from models.quiet import silence_libraries

silence_libraries()

KERAS_ON_NUMPY = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
"""Keras makes numpy arrays of variables in a way that numpy 2 warns of."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(KERAS_ON_NUMPY))


@pytest.fixture
def empty(tmp_path: Path) -> ModelRepository:
    """A repository that holds nothing yet."""
    return ModelRepository(tmp_path / "repository")


@pytest.fixture
def pack(empty: ModelRepository):
    """Package a source under the name `m` into the empty repository."""

    def run(source: Path, **options):
        return package(source, empty, PackageOptions(name="m", **options), lambda what: None)

    return run


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Guard() as guard, Emulator(guard) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def aws(emulator: Emulator) -> dict[str, str]:
    """The variables by which clients reach the emulated AWS."""
    return {"AWS_ENDPOINT_URL": emulator.url, "AWS_REGION": REGION, **CREDENTIALS}
