"""`python -m models verify`."""

import argparse

from models.commands.arguments import add_repository
from models.packaging.errors import PackagingError
from models.packaging.repository import ModelRepository

SUMMARY = "check every file of a repository against its manifest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The repository."""
    add_repository(parser)


def run(options: argparse.Namespace) -> None:
    """Check every version. Raises PackagingError with every file that is missing or changed."""
    repository = ModelRepository(options.repository)
    faults = [fault for model in repository.models() for fault in repository.faults(model)]
    if faults:
        raise PackagingError("; ".join(faults))
    print(f"every file of {', '.join(repository.models()) or 'the empty repository'} is as its manifest says")
