"""What several commands print and ask."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from models.progress import Progress
from models.publishing.errors import Refused
from models.publishing.places import Place, open_place
from models.publishing.pointer_file import PointerFile


def place_of(options: Namespace) -> Place:
    """The place that the command line names. Raises PublishingError."""
    return open_place(None if options.stack else options.at, options.stack)


def progress_of(label: str) -> Progress:
    """Progress that leaves standard output to results."""
    return Progress(label, stream=sys.stderr)


def show(options: Namespace, document: Any, lines: Iterable[str]) -> None:
    """Print the document with `--json`, the lines without."""
    if options.json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        for line in lines:
            print(line)


def pointer_document(file: PointerFile) -> dict[str, Any]:
    """A pointer for scripts."""
    pointer = file.pointer
    splits = {name: dict(split) for name, split in pointer.splits.items()}
    return {"current": pointer.version, "labels": dict(pointer.labels), "splits": splits, "before": file.before()}


def confirm(options: Namespace, question: str) -> None:
    """Ask a person. Raises Refused if they decline, or if there is no person and no `--yes`."""
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{question} Nobody can answer here; --yes says yes")
    print(f"{question} [y/N] ", end="", flush=True, file=sys.stderr)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("nothing was changed")
