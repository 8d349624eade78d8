"""`python -m models rollback`."""

import argparse

from models.commands.arguments import add_change, add_place
from models.commands.making_current import make_current
from models.commands.output import place_of
from models.publishing.errors import PublishingError

SUMMARY = "make the version current that was current before"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model."""
    parser.add_argument("model", metavar="MODEL")
    add_place(parser)
    add_change(parser)


def run(options: argparse.Namespace) -> None:
    """Move the pointer back. A second rollback takes back the first. Raises PublishingError if there was no version
    before, or it was removed."""
    place = place_of(options)
    file = place.models.pointer_file(options.model)
    before = file.before()
    if before is None:
        raise PublishingError(
            f"no version of {options.model} is known to have been current before version {file.pointer.version}; "
            "`promote` makes any version current"
        )
    make_current(options, place, before)
