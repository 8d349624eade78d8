"""Versions of a model that differ in their numbers alone."""

from pathlib import Path

from local.publishing import add_version, copy_model, current_version, point


def two_versions(repository: Path, root: Path) -> None:
    """Give the repository `root` the model iris of another repository, as versions 1 and 2. Version 1 is current."""
    model = copy_model(repository / "iris", "iris", root)
    packaged = current_version(model)
    for version in {1, 2} - {packaged}:
        add_version(model, packaged, version)
    point(model, 1)
