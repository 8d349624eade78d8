"""Environments with the clients of other places, and with the server of one of them, made of the package index."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from models.origins import hugging_face, kaggle, mlflow
from tests.paths import PROJECT

SERVER = (
    *("flask==3.1.3", "flask-cors==6.0.5", "sqlalchemy==2.1.9", "alembic==1.20.1", "graphene==3.4.3"),
    *("aiohttp==3.14.5", "pandas==3.1.1"),
)
"""What MLflow's server needs beside its client; the whole of MLflow would bring twice as much."""


def environment_of(directory: Path, *requirements: str) -> Path:
    """The Python of a new environment with these packages."""
    uv, python = [sys.executable, "-m", "uv", "--quiet"], directory / "bin" / "python"
    subprocess.run([*uv, "venv", "--python", sys.executable, str(directory)], check=True)
    subprocess.run([*uv, "pip", "install", "--python", str(python), *requirements], check=True)
    return python


@pytest.fixture(scope="session")
def clients(unreachable: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the clients, and with the project's packages as far as those do not bring them."""
    if unreachable:
        pytest.skip(f"the package index cannot be reached: {unreachable}")
    directory = tmp_path_factory.mktemp("clients") / "venv"
    python = environment_of(directory, mlflow.REQUIREMENT, hugging_face.REQUIREMENT, kaggle.REQUIREMENT)
    (site,) = directory.glob("lib/python*/site-packages")
    (site / "project.pth").write_text(f"{sysconfig.get_path('purelib')}\n{PROJECT}\n")
    return python


@pytest.fixture(scope="session")
def mlflow_python(unreachable: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that runs MLflow's server."""
    if unreachable:
        pytest.skip(f"the package index cannot be reached: {unreachable}")
    return environment_of(tmp_path_factory.mktemp("server") / "venv", mlflow.REQUIREMENT, *SERVER)
