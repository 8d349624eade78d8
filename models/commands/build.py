"""`python -m models build`."""

import argparse

from models.commands.arguments import add_exports, add_repository, add_sample_names, add_seed
from models.samples.building import build
from models.samples.catalog import chosen_entries

SUMMARY = "train and package the sample models; keep those that are up to date"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sample models, their seed, and the two directories."""
    add_sample_names(parser)
    add_seed(parser)
    add_exports(parser)
    add_repository(parser)


def run(options: argparse.Namespace) -> None:
    """Train, then package. Raises CatalogError, TrainingError, PackagingError."""
    build(chosen_entries(options.names), options.exports, options.repository, options.seed)
