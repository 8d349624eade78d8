"""`python -m models diff`."""

import argparse
from collections.abc import Iterator

from models.commands.arguments import add_json, add_place
from models.commands.output import place_of, show
from models.progress import in_units
from models.publishing.comparison import Comparison, Figures, compare

SUMMARY = "compare two versions: signatures, size, latency, errors on their samples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two versions."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("before", metavar="VERSION", type=int)
    parser.add_argument("after", metavar="OTHER", type=int)
    add_place(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print both, side by side. Raises PublishingError if there is no such version."""
    published = place_of(options).models
    found = compare(published.manifest(options.model, options.before), published.manifest(options.model, options.after))
    document = {**found._asdict(), "before": found.before._asdict(), "after": found.after._asdict()}
    show(options, document, _lines(options.before, options.after, found))


def _lines(before: int, after: int, found: Comparison) -> Iterator[str]:
    rows = [("version", str(before), str(after))]
    rows += [(name, old, new) for (name, old), (_, new) in zip(_rows(found.before), _rows(found.after), strict=True)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    for change in found.changes:
        yield f"changed: {change}"
    for name in found.further:
        yield f"new: signature {name}"
    if not found.changes:
        yield "callers of the first find the same signatures in the second"


def _rows(of: Figures) -> list[tuple[str, str]]:
    latency, error = of.latency_seconds, of.worst_relative_error
    return [
        ("engine", of.engines),
        ("size", in_units(of.size_bytes)),
        ("memory", in_units(of.memory_bytes)),
        ("latency", "not measured" if latency is None else f"{latency * 1000:.3g} ms"),
        ("error", "not compared" if error is None else f"{error:.0e} on {of.samples} samples"),
    ]
