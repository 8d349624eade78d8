"""Fixtures of the component tests: a small model repository, and a source that needs a network and a mount."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.image.registry import Registry
from tests.packaged import package


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    """A repository with digits (two versions, TensorFlow) and iris (one version, LiteRT)."""
    root = tmp_path / "repository"
    package(root, "digits", engine="tensorflow", content=b"first")
    package(root, "digits", version=2, engine="tensorflow", content=b"second")
    return package(root, "iris")


@pytest.fixture
def registry() -> Iterator[Registry]:
    registry = Registry()
    thread = threading.Thread(target=registry.server.serve_forever, daemon=True)
    thread.start()
    yield registry
    registry.server.shutdown()
    registry.server.server_close()
    thread.join()
