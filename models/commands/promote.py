"""`python -m models promote`."""

import argparse

from models.commands.arguments import add_dry_run, add_json, add_place, add_wait
from models.commands.making_current import make_current
from models.commands.names import version_or_label
from models.commands.output import place_of
from models.publishing.errors import PublishingError

SUMMARY = "make a version current: it answers requests that name none"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The version, by its number or label."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("version", metavar="VERSION", type=version_or_label, help="a version's number, or a label")
    add_place(parser)
    add_dry_run(parser)
    add_wait(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Move the pointer. Raises PublishingError if there is no such version or label."""
    place = place_of(options)
    version = options.version
    if isinstance(version, str):
        labels = place.models.pointer_file(options.model).pointer.labels
        if version not in labels:
            known = ", ".join(labels) or "none"
            raise PublishingError(f"{options.model} has no label {version!r}; its labels are {known}")
        version = labels[version]
    make_current(options, place, version)
