"""`python -m models label`."""

import argparse
from functools import partial

from handlers.manifest import Pointer
from models.commands.arguments import add_dry_run, add_json, add_place, add_wait
from models.commands.going_live import refuse_unwaitable, wait, what_follows
from models.commands.names import label_name
from models.commands.output import place_of, pointer_document, show
from models.publishing.errors import PublishingError

SUMMARY = "let a label stand for a version, or take the label away"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The label, and the version."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("label", metavar="LABEL", type=label_name)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("version", metavar="VERSION", type=int, nargs="?", help="the version that it stands for")
    what.add_argument("--remove", action="store_true", help="take the label away")
    add_place(parser)
    add_dry_run(parser)
    add_wait(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Move the label. Raises PublishingError if there is no such version, or no such label to remove."""
    refuse_unwaitable(options)
    place = place_of(options)
    published, model = place.models, options.model
    change = partial(_moved, model, options.label, options.version)
    if options.dry_run:
        pointer = change(published.pointer_file(model).pointer)
        show(options, {"labels": dict(pointer.labels)}, [f"the labels of {model} would be {dict(pointer.labels)}"])
        return
    published.pointer_file(model)  # a model without a pointer has no version that answers, and gets none by a label
    file = published.change_pointer(model, change)
    lines, seconds = [f"{options.label} of {model} stands for nothing any more"], None
    if not options.remove:
        manifest = published.manifest(model, options.version)
        seconds = wait(options, place, manifest, options.label)
        lines = [f"{options.label} of {model} stands for version {options.version}"]
        lines += what_follows(place, manifest, seconds)
    show(options, {**pointer_document(file), "seconds_until_live": seconds}, lines)


def _moved(model: str, label: str, version: int | None, present: Pointer | None) -> Pointer:
    """The pointer with the label at a version, or without it. Raises PublishingError if it has none to take away."""
    if present is None:
        raise PublishingError(f"{model} was withdrawn at this moment")
    if version is not None:
        return present._replace(labels={**present.labels, label: version})
    if label not in present.labels:
        known = ", ".join(present.labels) or "none"
        raise PublishingError(f"{model} has no label {label!r}; its labels are {known}")
    return present._replace(labels={name: held for name, held in present.labels.items() if name != label})
