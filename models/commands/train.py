"""`python -m models train`."""

import argparse

from models.commands.arguments import add_exports, add_sample_names, add_seed
from models.samples.building import train
from models.samples.catalog import chosen_entries

SUMMARY = "train the sample models; keep those that are up to date"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sample models, their seed, and where they go."""
    add_sample_names(parser)
    add_seed(parser)
    add_exports(parser)


def run(options: argparse.Namespace) -> None:
    """Train. Raises CatalogError, TrainingError."""
    train(chosen_entries(options.names), options.exports, options.seed)
