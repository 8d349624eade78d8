"""`python -m models prune`."""

import argparse
import time
from collections.abc import Mapping, Sequence

from models.commands.arguments import add_dry_run, add_json, add_place
from models.commands.output import confirm, place_of, progress_of, show
from models.progress import in_units
from models.publishing.pruning import QUIET_SECONDS, Prunable, prunable, remove, wait_until_due

SUMMARY = "remove versions that neither the pointer nor a label names"
EPILOG = """\
A version stays until it has been unnamed for 15 minutes, the longest time that a request to Lambda can take: a function
may still answer with it. Versions whose publisher was interrupted go after a day. No number is ever used again.

  python -m models prune flowers --stack dev --keep 1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The models, and what to keep of them."""
    parser.add_argument("models", metavar="MODEL", nargs="*", help="models (default: all)")
    add_place(parser)
    parser.add_argument(
        "--keep", type=_count, default=2, metavar="N", help="unnamed versions to keep of each model (default: 2)"
    )
    parser.add_argument(
        "--quiet-seconds",
        type=float,
        default=QUIET_SECONDS,
        metavar="SECONDS",
        help="how long a version must have been unnamed, which is never less than the functions' timeout "
        f"(default: {QUIET_SECONDS:.0f})",
    )
    parser.add_argument("--wait", action="store_true", help="wait until all of them may be removed")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_dry_run(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Remove what is due. Raises PublishingError, and Refused if a person declines."""
    published = place_of(options).models
    found = {
        model: prunable(published, model, keep=options.keep, quiet_seconds=options.quiet_seconds)
        for model in options.models or published.names()
    }
    with progress_of("prune") as progress:
        if options.wait and not options.dry_run:
            for versions in found.values():
                wait_until_due([each for each in versions if each.complete], progress.say)
    due = {model: [each for each in versions if each.due <= time.time()] for model, versions in found.items()}
    later = {model: [each for each in versions if each not in due[model]] for model, versions in found.items()}
    if any(due.values()) and not options.dry_run:
        confirm(options, f"Remove {_named(due)} from {published.objects.address}?")
        due = {model: [each for each in versions if remove(published, model, each)] for model, versions in due.items()}
    verb = "would be removed" if options.dry_run else "removed"
    lines = [f"{verb}: {_named(due)}"] + ([f"not yet due: {_named(later)}"] if any(later.values()) else [])
    show(options, {"removed": _numbers(due), "not_due": _numbers(later), "dry_run": options.dry_run}, lines)


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError(f"{count} versions cannot be kept; allowed are 0 and more")
    return count


def _numbers(found: Mapping[str, Sequence[Prunable]]) -> dict[str, list[int]]:
    return {model: [each.version for each in versions] for model, versions in found.items() if versions}


def _named(found: Mapping[str, Sequence[Prunable]]) -> str:
    size = sum(each.size for versions in found.values() for each in versions)
    named = "; ".join(f"{model} {', '.join(map(str, numbers))}" for model, numbers in _numbers(found).items())
    return f"{named} ({in_units(size)})" if named else "nothing"
