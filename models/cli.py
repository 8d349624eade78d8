"""The command line of `python -m models`."""

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from models.commands import (
    Command,
    build,
    completion,
    diff,
    fetch_samples,
    label,
    package,
    profile,
    promote,
    prune,
    publish,
    rollback,
    show,
    train,
    verify,
    watch,
)
from models.commands import list as list_
from models.packaging.errors import PackagingError
from models.profiling.errors import ProfilingError
from models.profiling.runtime_server import FunctionFailed
from models.publishing.errors import PublishingError, Refused
from models.quiet import silence_libraries
from models.samples.catalog import CatalogError
from models.samples.third_party import FetchError
from models.samples.training import TrainingError

COMMANDS: Mapping[str, Command] = {
    "build": build,
    "train": train,
    "package": package,
    "verify": verify,
    "list": list_,
    "show": show,
    "diff": diff,
    "profile": profile,
    "publish": publish,
    "label": label,
    "promote": promote,
    "rollback": rollback,
    "prune": prune,
    "watch": watch,
    "fetch-samples": fetch_samples,
    "completion": completion,
}
"""In the order in which `--help` shows them."""
FAILURES = (
    PackagingError,
    PublishingError,
    ProfilingError,
    FunctionFailed,
    TrainingError,
    CatalogError,
    FetchError,
)
"""Errors whose message is all that a person needs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0, 1 if the command failed, 3 if it was refused and an option would allow
    it, 130 on Ctrl-C.

    Raises SystemExit with 2 if the command line is wrong.
    """
    silence_libraries()
    signal.signal(signal.SIGTERM, _stop)
    options = _parser().parse_args(arguments)
    try:
        COMMANDS[options.command].run(options)
    except Refused as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 3
    except FAILURES as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # the disk is full, or permission is denied
        path = error.filename2 or error.filename
        where = f"{path}: " if path else ""
        print(f"{options.command}: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _stop(number: int, frame: object) -> NoReturn:
    """Raise an exception on SIGTERM, so that context managers remove temporary files."""
    raise SystemExit(128 + number)


def _parser(prog: str = "python -m models") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="Train, package and publish TensorFlow models.")
    parser.set_defaults(parser=_parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        summary, examples = command.SUMMARY, getattr(command, "EPILOG", None)
        command.add_arguments(
            commands.add_parser(
                name,
                help=summary,
                description=summary[0].upper() + summary[1:] + ".",
                epilog=examples,
                allow_abbrev=False,  # `--to` would be `--tolerance`
                formatter_class=argparse.RawDescriptionHelpFormatter if examples else argparse.HelpFormatter,
            )
        )
    return parser
