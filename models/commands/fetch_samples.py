"""`python -m models fetch-samples`."""

import argparse

from models.places import THIRD_PARTY
from models.samples.third_party import fetch_all

SUMMARY = "download the third-party models that tests use"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> None:
    """Download what is missing. Raises FetchError."""
    fetch_all(THIRD_PARTY)
