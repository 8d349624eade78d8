"""The arguments that several commands take."""

import argparse
from pathlib import Path
from typing import get_args

from models.packaging.options import Preference
from models.places import EXPORTS, PROJECT, REPOSITORY

STACK = "a deployed stack, by its name or by a .json file of its outputs"

WAIT_SECONDS = 300.0
"""How long a command waits at most for a version to answer: a large one is copied to EFS first."""


def add_exports(parser: argparse.ArgumentParser) -> None:
    """`--exports`: where trained models go."""
    _add_directory(parser, "--exports", EXPORTS, "where trained models go")


def add_repository(parser: argparse.ArgumentParser) -> None:
    """`--repository`: the model repository."""
    _add_directory(parser, "--repository", REPOSITORY, "the model repository")


def add_samples(parser: argparse.ArgumentParser) -> None:
    """`--samples`: real inputs to try a model on."""
    parser.add_argument(
        "--samples",
        type=Path,
        metavar="PATH",
        help="real inputs (default: random): an .npz file or a directory of .npy files with an array for each input, "
        "or a .jsonl file with a request in each line, as clients send it",
    )


def add_preference(parser: argparse.ArgumentParser) -> None:
    """`--prefer`: what to save."""
    parser.add_argument(
        "--prefer",
        choices=get_args(Preference),
        help="serve each signature in the form that starts first, answers soonest, takes the least memory or has the "
        "smallest files (default: weigh starts, calls and memory together)",
    )


def add_place(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """`--at` or `--stack`: a published repository. If it is not required, the local repository stands in."""
    places = parser.add_mutually_exclusive_group(required=required)
    shown = "" if required else f" (default: {REPOSITORY.relative_to(PROJECT)})"
    places.add_argument(
        "--at",
        metavar="PLACE",
        default=None if required else str(REPOSITORY),
        help=f"the published models: s3://BUCKET/PREFIX or a directory{shown}",
    )
    places.add_argument("--stack", metavar="NAME", help=f"the published models of {STACK}")


def add_change(parser: argparse.ArgumentParser) -> None:
    """What every command takes that changes what answers: `--dry-run`, `--wait` and `--json`."""
    add_dry_run(parser)
    add_wait(parser)
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`: for scripts."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """`--dry-run`: change nothing."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")


def add_wait(parser: argparse.ArgumentParser) -> None:
    """`--wait`: until it is live."""
    parser.add_argument(
        "--wait",
        type=_seconds,
        nargs="?",
        const=WAIT_SECONDS,
        metavar="SECONDS",
        help=f"with --stack: wait until every function answers with it, at most SECONDS (default: {WAIT_SECONDS:.0f})",
    )


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


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is no time to wait; allowed are up to 86400 seconds")
    return seconds
