"""`python -m models watch`."""

import argparse
import time
from datetime import UTC, datetime

from models.commands.arguments import STACK, add_json
from models.commands.output import show
from models.publishing.errors import PublishingError
from models.publishing.functions import Functions, Serving
from models.publishing.places import open_place

SUMMARY = "watch which versions the functions of a stack serve"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The stack."""
    parser.add_argument("models", metavar="MODEL", nargs="*", help="models (default: all)")
    parser.add_argument("--stack", required=True, metavar="NAME", help=STACK)
    parser.add_argument("--once", action="store_true", help="look once, and do not go on")
    parser.add_argument(
        "--every", type=float, default=1.0, metavar="SECONDS", help="how often to look (default: 1); prints changes"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print what each function serves, and then every change until Ctrl-C. Raises PublishingError."""
    place = open_place(None, options.stack)
    assert place.stack is not None  # noqa: S101 - it was opened by its stack
    functions = Functions(place.stack)
    last: dict[str, Serving] = {}
    while True:
        for model in options.models or place.models.names():
            try:
                found = functions.serving(model)
            except PublishingError as error:
                found = Serving(None, {}, str(error))
            if last.get(model) != found:
                last[model] = found
                _tell(options, model, found)
        if options.once:
            return
        time.sleep(options.every)


def _tell(options: argparse.Namespace, model: str, found: Serving) -> None:
    now = datetime.now(UTC)
    states = ", ".join(f"{version} {state}" for version, state in found.states.items())
    what = f"version {found.current}   ({states})" if found.current is not None else f"nothing: {found.reason}"
    document = {"time": now.isoformat(), "model": model, **found._asdict()}
    show(options, document, [f"{now:%H:%M:%S}   {model.ljust(16)} {what}"])
