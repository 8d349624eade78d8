"""`python -m models list`."""

import argparse

from models.commands.arguments import add_repository
from models.packaging.repository import ModelRepository
from models.progress import in_units

SUMMARY = "list the models and versions of a repository"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The repository."""
    add_repository(parser)


def run(options: argparse.Namespace) -> None:
    """Print a line for each version; `*` marks the current one. Raises PackagingError if a document is damaged."""
    repository = ModelRepository(options.repository)
    for model in repository.models():
        pointer = repository.pointer(model)
        for version, manifest in repository.versions(model).items():
            mark = "*" if pointer is not None and pointer.version == version else " "
            engines = ", ".join(f"{a.engine} for {' '.join(a.signatures)}" for a in manifest.artifacts)
            size = in_units(sum(entry.size for entry in manifest.files))
            print(f"{mark} {model.ljust(16)} {version:>4}   {size.rjust(7)}   {engines}")
