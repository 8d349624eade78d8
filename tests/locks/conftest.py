"""The package index, without which what a lock resolves to cannot be told."""

import subprocess
import sys

import pytest


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
