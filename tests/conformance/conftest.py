"""The stacks that the golden cases are replayed to, and the models of those cases."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import pytest

from components.settings.api_settings import ApiKind
from local.shapes import Mode
from local.stack import LocalStack, local_stack
from tests.paths import PROJECT


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
            settings = {"api": api, "seedModels": "false", "timeoutSeconds": "28"}
            made[api] = stacks.enter_context(local_stack(settings))
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
                local_stack({"api": api, "mode": mode, "models": '["iris", "digits"]', "timeoutSeconds": "28"})
            )
            for api in get_args(ApiKind)
            for mode in get_args(Mode)
        }
