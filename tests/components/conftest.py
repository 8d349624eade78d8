"""Fixtures of the component tests: a small model repository, and a source that needs a network and a mount."""

from pathlib import Path

import pytest

from tests.packaged import package


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    """A repository with digits (two versions, TensorFlow) and iris (one version, LiteRT)."""
    root = tmp_path / "repository"
    package(root, "digits", engine="tensorflow", content=b"first")
    package(root, "digits", version=2, engine="tensorflow", content=b"second")
    return package(root, "iris")
