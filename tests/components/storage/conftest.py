"""Packaged models, as packaging leaves them on disk."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from components.settings.packaged_models import PackagedModel, read_repository
from handlers.manifest import Pointer
from tests.handlers.mirror.conftest import manifest


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., tuple[PackagedModel, ...]]:
    """Write versions of models and read them back: `package({"digits": {1: {"model.tflite": b"..."}}})`.

    The newest version is the current one; labels are given by model.
    """
    root = tmp_path / "repository"

    def write(
        models: Mapping[str, Mapping[int, Mapping[str, bytes]]], labels: Mapping[str, Mapping[str, int]] | None = None
    ) -> tuple[PackagedModel, ...]:
        for model, versions in models.items():
            for version, files in versions.items():
                directory = root / model / str(version)
                for path, content in files.items():
                    (directory / path).parent.mkdir(parents=True, exist_ok=True)
                    (directory / path).write_bytes(content)
                (directory / "manifest.json").write_text(manifest(model, version, files).to_json())
            pointer = Pointer(version=max(versions), labels=(labels or {}).get(model, {}))
            (root / model / "current.json").write_text(pointer.to_json())
        return read_repository(root)

    return write


@pytest.fixture
def models(package: Callable[..., tuple[PackagedModel, ...]]) -> tuple[PackagedModel, ...]:
    """Two packaged models."""
    return package({name: {1: {"model.tflite": name.encode()}} for name in ("digits", "iris")})
