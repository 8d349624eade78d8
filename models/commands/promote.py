"""`python -m models promote`."""

import argparse
import time
from functools import partial

from handlers.manifest import CURRENT, Pointer
from models.commands.arguments import add_change, add_place
from models.commands.making_current import make_current
from models.commands.names import duration, version_or_label
from models.commands.output import place_of, progress_of
from models.publishing.aws import client
from models.publishing.errors import PublishingError
from models.publishing.health import Chosen, Measured, measure, watch
from models.publishing.places import Place
from models.publishing.pointer_changes import removing

SUMMARY = "make a version current: it answers requests that name none"
EPILOG = """\
With --when-healthy, a label that gets a share of the requests is watched first. If more of its requests fail than of
the others', if its predictions take half as long again, or if it does not load, the split is taken away at once, and
the command fails. If not, its version becomes current at the end.

  python -m models promote flowers canary --stack dev --when-healthy 15m
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The version, by its number or label."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("version", metavar="VERSION", type=version_or_label, help="a version's number, or a label")
    add_place(parser)
    parser.add_argument(
        "--when-healthy",
        type=duration,
        metavar="TIME",
        help="with --stack and a label: watch its errors and latency for so long first, such as 90s, 15m or 1h",
    )
    add_change(parser)


def run(options: argparse.Namespace) -> None:
    """Move the pointer. Raises PublishingError if there is no such version or label, or the canary is not healthy."""
    place = place_of(options)
    version = options.version
    pointer = place.models.pointer_file(options.model).pointer
    if isinstance(version, str):
        if version not in pointer.labels:
            known = ", ".join(pointer.labels) or "none"
            raise PublishingError(f"{options.model} has no label {version!r}; its labels are {known}")
        version = pointer.labels[version]
    if options.when_healthy is not None:
        _require_health(options, place, pointer)
    make_current(options, place, version)


def _require_health(options: argparse.Namespace, place: Place, pointer: Pointer) -> None:
    """Watch the label. Raises PublishingError, after the split was taken away, if it has a fault."""
    model, label = options.model, options.version
    split = pointer.splits.get(CURRENT, {})
    function = place.stack and place.stack.function_of(model)
    if place.stack is None or function is None or label not in split:
        raise PublishingError(
            f"--when-healthy watches a label that gets a share of requests to a stack: name the stack with --stack, "
            f"and split requests first, by `label {model} {CURRENT} stable=90 canary=10`"
        )
    if options.dry_run:
        return
    read = partial(measure, client("cloudwatch", place.stack.environment), function, model, since=time.time())
    others = [Chosen(other, pointer.labels[other]) for other in split if other != label]

    def look() -> tuple[Measured, Measured]:
        if place.models.pointer_file(model).pointer != pointer:
            raise PublishingError(f"the pointer of {model} was moved by others; look at `show {model}` and start again")
        return read([Chosen(label, pointer.labels[label])]), read(others)

    with progress_of(model) as progress:
        fault = watch(look, options.when_healthy, progress.say)
    if fault is not None:
        place.models.change_pointer(model, removing(model, CURRENT))
        raise PublishingError(
            f"{label} of {model} is not healthy: {fault}. The split was taken away; version {pointer.version} answers"
        )
