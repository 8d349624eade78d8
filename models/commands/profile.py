"""`python -m models profile`."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from handlers.contract import ALLOW_MODEL_CODE
from models.commands.arguments import add_json, add_place
from models.commands.output import place_of, progress_of, show
from models.profiling.errors import ProfilingError
from models.profiling.picture import draw
from models.profiling.profile import Line, Profile, Times, profile
from models.profiling.starts import WARM_SECONDS, Subject
from models.profiling.steps import STEPS
from models.progress import in_units
from models.publishing.places import Place

SUMMARY = "measure where the time of a model goes: the steps of a cold start, and a warm request"
EPILOG = """\
Starts the current version of MODEL again and again: each time a new process of the handler under Lambda's runtime
client, on this machine. The steps of a cold start:

""" + "\n".join(f"  {step.ljust(16)} {what}" for step, what in STEPS.items())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, and how often to start it."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--starts", type=_count, default=7, metavar="N", help="how many starts count (default: 7)")
    parser.add_argument(
        "--warm-requests",
        type=_count,
        default=100,
        metavar="N",
        help=f"how many further requests each start gets, for {WARM_SECONDS:.0f} s at most (default: 100)",
    )
    parser.add_argument(
        "--allow-model-code",
        action="store_true",
        help="load the code that the version brings: it runs on this machine, with your AWS credentials",
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw a picture, too")
    add_place(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Profile, and print a line for each step. Raises one of `models.cli.FAILURES`."""
    if sys.platform != "linux":
        raise ProfilingError("only Linux has AWS's runtime client and says what a process reads; profile there")
    place = place_of(options)
    subject, title = _subject(place, options.model, allows_code=options.allow_model_code)
    with progress_of(options.model) as progress:
        found = profile(subject, options.starts, options.warm_requests, progress.say)
        if options.svg is not None:
            progress.say("drawing")
            draw(found, title, options.svg)
    show(options, {"model": options.model, "title": title, **found.document()}, _lines(title, found))


def _subject(place: Place, model: str, *, allows_code: bool) -> tuple[Subject, str]:
    """What to start, and what it is in words. Raises PublishingError, ProfilingError."""
    from models.profiling.request import prediction_event  # late: it needs numpy

    models = place.models
    address = models.objects.address
    if models.find_pointer_file(model) is None and model in models.names():
        raise ProfilingError(f"{model} in {address} is not packaged; package it first: python -m models package --help")
    manifest = models.manifest(model, models.pointer_file(model).pointer.version)
    if manifest.code is not None and not allows_code:
        raise ProfilingError(
            f"{model} version {manifest.version} brings code, which would run here; --allow-model-code lets it"
        )
    event = prediction_event(manifest)
    if event is None:
        raise ProfilingError(f"the manifest of {model} version {manifest.version} has no warm-up request to send")
    artifact = manifest.artifact_for(manifest.default_signature())
    subject = Subject(
        model=model,
        store=address if address.startswith("s3://") else Path(address).resolve().as_uri(),
        variables={
            **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
            **(place.stack.environment if place.stack else {}),
            **({ALLOW_MODEL_CODE: "true"} if allows_code else {}),
        },
        event=event,
    )
    return (
        subject,
        f"{model} version {manifest.version}, {artifact.engine} ({artifact.form.replace('_', ' ')}), from {address}",
    )


def _lines(title: str, found: Profile) -> Iterator[str]:
    yield f"{title}. The start in the middle of {found.starts}, and the times of all:"
    yield _row("", "ms", "memory", "read", "lowest", "median", "highest")
    for step, line in found.steps.items():
        yield _of_line(step, line)
    yield _of_line("cold start", found.cold_start)
    yield _of_times("  untraced", found.untraced)
    yield _of_line("a warm request", found.warm_request)
    yield _of_times("  in the engine", found.warm_inference)
    yield "The bytes of warm requests are those of all of a start together."


def _of_line(name: str, line: Line) -> str:
    return _of_times(name, line.milliseconds, in_units(line.memory_bytes), in_units(line.read_bytes))


def _of_times(name: str, times: Times, memory: str = "", read: str = "") -> str:
    shown, *all_starts = (f"{each:.2f}" for each in times)
    return _row(name, shown, memory, read, *all_starts)


def _row(name: str, *cells: str) -> str:
    return name.ljust(16) + "".join(cell.rjust(10) for cell in cells)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= 10_000):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 10000")
    return int(text)
