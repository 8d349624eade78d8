"""Environments with the clients of other places, and with the server of one of them, made of the package index."""

import sysconfig
from pathlib import Path

import pytest

from tests.environments import python_of
from tests.paths import PROJECT


@pytest.fixture(scope="session")
def clients(unreachable: str) -> Path:
    """A Python with the clients, and with the project's packages as far as those do not bring them."""
    if unreachable:
        pytest.skip(f"the package index cannot be reached: {unreachable}")
    python = python_of("origins")
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    (site / "project.pth").write_text(f"{sysconfig.get_path('purelib')}\n{PROJECT}\n")
    return python


@pytest.fixture(scope="session")
def mlflow_python(unreachable: str) -> Path:
    """A Python that runs MLflow's server."""
    if unreachable:
        pytest.skip(f"the package index cannot be reached: {unreachable}")
    return python_of("mlflow-server")
