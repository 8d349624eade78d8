"""The stacks that the golden cases are replayed to, and the models of those cases."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from components.settings.api_settings import ApiKind
from handlers.serving import engines
from local.held_out import read_held_out
from local.shapes import Mode
from local.stack import LocalStack
from tests.models.asking import current_manifest
from tests.paths import PROJECT
from tests.ways_in import stack_behind

SAMPLE_STACKS = [
    (api, mode) for api in get_args(ApiKind) for mode in get_args(Mode) if (api, mode) != ("url", "single")
]
"""Which kinds of API are tried in which modes: a function URL leads to one function."""


@pytest.fixture(scope="session")
def golden_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SavedModels of the golden cases."""
    root = tmp_path_factory.mktemp("golden")
    done = subprocess.run(
        [sys.executable, "-m", "tests.conformance.make_models", str(root)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="session")
def golden_stacks(golden_models: Path) -> Iterator[Mapping[str, LocalStack]]:
    """By kind of API, a stack that is born empty, and then gets the models of the golden cases."""
    with ExitStack() as stacks:
        made: dict[str, LocalStack] = {}
        for api in get_args(ApiKind):
            made[api] = stacks.enter_context(stack_behind(api, golden_models, seedModels=False, timeoutSeconds=28))
            s3, bucket = made[api].emulator.client("s3"), made[api].deployment.outputs["bucketName"]
            for path in golden_models.rglob("*"):
                if path.is_file():
                    key = f"models/{path.relative_to(golden_models).as_posix()}"
                    s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        yield made


@pytest.fixture(scope="session")
def sample_stacks(repository: Path) -> Iterator[Mapping[tuple[ApiKind, Mode], LocalStack]]:
    """Two sample models, behind each kind of API and in each mode."""
    with ExitStack() as stacks:
        yield {
            (api, mode): stacks.enter_context(
                stack_behind(api, repository, mode=mode, models=["iris", "digits"], timeoutSeconds=28)
            )
            for api, mode in SAMPLE_STACKS
        }


@pytest.fixture(scope="session")
def rows(repository) -> np.ndarray:
    return read_held_out(repository.parent, "iris").arrays["features"][:5].astype(np.float32)


@pytest.fixture(scope="session")
def answers(repository, rows) -> np.ndarray:
    """What the model answers to these rows, by its engine."""
    manifest = current_manifest(repository, "iris")
    directory = repository / "iris" / str(manifest.version)
    model = engines.load(directory, manifest.artifact_for("serving_default"), manifest.signatures, 1)
    try:
        return model.run("serving_default", {"features": rows})["probabilities"]
    finally:
        model.close()


@pytest.fixture(scope="session")
def versions(repository) -> dict[str, str]:
    """The version of each model."""
    return {model: str(current_manifest(repository, model).version) for model in ("iris", "digits")}
