"""`python -m models label`."""

import argparse

from handlers.manifest import Pointer
from models.commands.arguments import add_change, add_place
from models.commands.going_live import refuse_unwaitable, wait, what_follows
from models.commands.names import label_name, version_or_weight
from models.commands.output import place_of, pointer_document, show
from models.publishing.errors import PublishingError
from models.publishing.pointer_changes import Change, labelling, removing, splitting
from models.publishing.pointer_file import PointerFile

SUMMARY = "let a label stand for a version or a split of requests, or take it away"
EPILOG = """\
A split sends each request to one of several labels, by their weights. A caller who sends the header X-Caller-Id always
gets the same label; without it, equal requests do. The split `current` answers requests that name no version; `promote`
and `rollback` end it.

  python -m models label flowers canary 4 --stack dev
  python -m models label flowers current stable=90 canary=10 --stack dev
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The label, and what it stands for."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("label", metavar="LABEL", type=label_name)
    parser.add_argument(
        "target",
        metavar="VERSION | LABEL=WEIGHT",
        type=version_or_weight,
        nargs="*",
        help="a version, or several labels with their weights",
    )
    parser.add_argument("--remove", action="store_true", help="take the label or the split away")
    add_place(parser)
    add_change(parser)


def run(options: argparse.Namespace) -> None:
    """Move the label. Raises PublishingError if there is no such version, or no such label to remove."""
    refuse_unwaitable(options)
    change = _change(options)
    place = place_of(options)
    published, model = place.models, options.model
    present = published.pointer_file(model).pointer
    if options.dry_run:
        show(options, pointer_document(PointerFile(change(present))), [f"{model} would have {_names(change(present))}"])
        return
    file = published.change_pointer(model, change)
    lines, seconds = [f"{model} has {_names(file.pointer)}"], None
    if options.label in file.pointer.labels:
        manifest = published.manifest(model, file.pointer.labels[options.label])
        seconds = wait(options, place, manifest, options.label)
        lines += what_follows(place, manifest, seconds)
    show(options, {**pointer_document(file), "seconds_until_live": seconds}, lines)


def _change(options: argparse.Namespace) -> Change:
    """What the command line asks for. Raises PublishingError if it contradicts itself."""
    numbers = [each for each in options.target if isinstance(each, int)]
    weights = dict(each for each in options.target if isinstance(each, tuple))
    asked = (options.remove, bool(numbers), bool(weights))
    if sum(asked) != 1 or len(numbers) > 1:
        raise PublishingError("give one of: a version, labels with weights such as stable=90 canary=10, or --remove")
    if options.remove:
        return removing(options.model, options.label)
    if weights:
        return splitting(options.model, options.label, weights)
    return labelling(options.model, options.label, numbers[0])


def _names(pointer: Pointer) -> str:
    labels = [f"{label}: version {version}" for label, version in pointer.labels.items()]
    splits = [
        f"{name}: {', '.join(f'{label} {weight}' for label, weight in split.items())}"
        for name, split in pointer.splits.items()
    ]
    return "; ".join((*labels, *splits)) or "no label"
