"""What a deployment says that `python -m ops advise` would not choose."""

from pathlib import Path

import pytest

from components.configuration.rules.advice import READ_MB_PER_SECOND
from ops.advice.figures import read_figures
from tests.components.configuration.asking import advice

LARGE = 3 << 30


@pytest.fixture
def with_a_large_model(packaged: Path) -> Path:
    """The repository, with an iris of 3 GiB."""
    manifest = packaged / "iris" / "1" / "manifest.json"
    with (packaged / "iris" / "1" / "model.tflite").open("r+b") as file:
        file.truncate(LARGE)  # takes no room on disk
    manifest.write_text(manifest.read_text().replace('"size": 7', f'"size": {LARGE}', 1))
    return packaged


def test_a_model_that_is_read_for_longer_than_the_api_waits_is_said_with_the_command(with_a_large_model: Path) -> None:
    said = advice(with_a_large_model, storage="s3", ephemeralStorageMib=4096)

    assert "with s3, a new environment reads the 3,221 MB of iris in about 43 s, but the API waits 30 s" in said
    assert "`python -m ops advise --stack dev` compares the alternatives" in said


@pytest.mark.parametrize("storage", ["efs", "image"])
def test_a_storage_that_is_fast_enough_is_not_spoken_of(with_a_large_model: Path, storage: str) -> None:
    assert "the API waits" not in advice(with_a_large_model, storage=storage)


def test_a_snapshot_holds_the_model_of_a_single_function(with_a_large_model: Path) -> None:
    settings = {"storage": "image", "mode": "single", "models": ["iris"], "memoryMib": 10240}

    assert "the API waits" not in advice(with_a_large_model, **settings, snapStart=True)


def test_ready_environments_of_many_functions_are_said_with_their_number(packaged: Path) -> None:
    said = advice(packaged, mode="single", provisionedConcurrency=10)

    assert "2 functions keep 20 environments of 1769 MiB ready" in said
    assert "environments of 1769 MiB ready" not in advice(packaged, mode="multi", provisionedConcurrency=30)
    assert "environments of 1769 MiB ready" not in advice(packaged, mode="single", provisionedConcurrency=2)


def test_a_deployment_counts_with_the_figures_of_the_command() -> None:
    figures = read_figures()

    assert {name: figures[f"{name}_mb_per_second"] for name in READ_MB_PER_SECOND} == READ_MB_PER_SECOND
