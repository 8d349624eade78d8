"""The arguments that several commands take."""

import argparse
from pathlib import Path

from models.places import EXPORTS, PROJECT, REPOSITORY


def add_exports(parser: argparse.ArgumentParser) -> None:
    """`--exports`: where trained models go."""
    _add_directory(parser, "--exports", EXPORTS, "where trained models go")


def add_repository(parser: argparse.ArgumentParser) -> None:
    """`--repository`: the model repository."""
    _add_directory(parser, "--repository", REPOSITORY, "the model repository")


def add_sample_names(parser: argparse.ArgumentParser) -> None:
    """Any number of sample models."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="sample models (default: all of the catalog)")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """`--seed`: for a training with other random numbers."""
    parser.add_argument(
        "--seed",
        type=int,
        metavar="NUMBER",
        help="train with other random numbers, which gives a further version of each model",
    )


def _add_directory(parser: argparse.ArgumentParser, option: str, default: Path, text: str) -> None:
    shown = default.relative_to(PROJECT)
    parser.add_argument(option, type=Path, default=default, metavar="DIR", help=f"{text} (default: {shown})")
