"""The command line of `python -m local`: deploys the stack on this machine."""

import argparse
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from math import inf
from types import FrameType
from typing import get_args

import pulumi

from images.building import ImageError
from local.demo import DemoError, run_demo
from local.deployment import DeploymentError
from local.emulator import EmulatorError
from local.engine.commands import VERBS, run_engine
from local.engine.running import kept_stack
from local.engine.stack import EngineError, pulumi_command
from local.friday import FridayError, write_commands, write_friday
from local.living_stack import REQUESTS_PER_SECOND, ChangeError
from local.shapes import Storage
from local.stack import local_stack
from local.stack_config import PROJECT, StackConfigError, parse_override
from local.switch import DEFAULT_PARTS, PARTS, run_switch
from local.switch_models import SwitchModelsError
from local.switch_page import write_page
from local.up import run_up

FAILURES = (
    *(ChangeError, DemoError, DeploymentError, EmulatorError, EngineError, FridayError, ImageError),
    *(StackConfigError, SwitchModelsError, pulumi.RunError),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1 if something failed, 130 if Ctrl-C stopped the demonstration."""
    options = _parser().parse_args(arguments)
    # SIGINT too: Python ignores it in a process that a shell script starts in the background.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        overrides = _overrides(options)
        if options.verb == "engine":
            return 0 if run_engine(options.operation, options.stack, overrides) else 1
        if options.verb == "friday":
            print(f"{write_commands() if options.only_commands else write_friday(options.port)} is written")
            return 0
        if options.verb == "switch":
            return 0 if _switch(options) else 1
        engine = options.verb == "up" and pulumi_command() is not None
        start = partial(
            kept_stack if engine else local_stack,
            stack=options.stack,
            port=options.port,
            docker=options.docker,
            base_image=options.base_image,
            keep_seconds=options.keep_seconds,
        )
        if options.verb == "demo":
            return 0 if run_demo(start, overrides) else 1
        run_up(start, overrides, options.stack)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 0 if options.verb == "up" else 130
    except FAILURES as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Exception:  # raised by the program; shown as Pulumi shows it
        print(f"error: Program failed with an unhandled exception:\n{traceback.format_exc()}", file=sys.stderr)
        return 1
    return 0


def _switch(options: argparse.Namespace) -> bool:
    """Run the parts that are asked for. Whether every request was answered, and rightly."""
    parts, rate = options.parts or DEFAULT_PARTS, options.requests_per_second
    done = run_switch(parts, per_second=rate, port=options.port)
    if options.write:
        titled = {PARTS[part].help: changes for part, changes in done.items()}
        page = write_page(
            PROJECT, titled, command=shlex.join(["python", "-m", "local", *sys.argv[1:]]), per_second=rate
        )
        print(f"{page} is written")
    return all(change.went_well for changes in done.values() for change in changes)


def _overrides(options: argparse.Namespace) -> dict[str, str]:
    """The settings that the command line puts over the stack file's."""
    overrides = dict(parse_override(each) for each in options.config)
    return overrides | ({"storage": options.storage} if options.storage else {})


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port; allowed are 1 to 65535, and 0 for a free one")
    return port


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError(f"{rate:g} requests a second cannot be sent; allowed are up to 1000")
    return rate


def _keep(text: str) -> float:
    seconds = float(text)
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"environments cannot be kept for {seconds:g} s; allowed is more than 0")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="Run the stack on this machine.")
    settings, machine = _settings_options(), _machine_options()
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    deploying = [settings, machine]
    verbs.add_parser("demo", parents=deploying, help="deploy both modes, predict over HTTP and show the results")
    verbs.add_parser(
        "up", parents=deploying, help="keep the API running until Ctrl-C; with Pulumi's engine if it is there"
    )
    friday = verbs.add_parser("friday", help="retrain, publish, promote and take back a model; write docs/friday.md")
    friday.add_argument("--only-commands", action="store_true", help="write only the help of the commands again")
    _add_port(friday)
    friday.set_defaults(config=[], storage=None)
    _add_switch(verbs.add_parser("switch", help="change a stack while callers call it, with Pulumi's engine"))
    engine = verbs.add_parser("engine", parents=[settings], help="work with Pulumi's engine on what `up` keeps running")
    engine.add_argument("operation", choices=VERBS, metavar="OPERATION", help=", ".join(VERBS))
    return parser


def _add_switch(parser: argparse.ArgumentParser) -> None:
    for part in PARTS.values():
        parser.add_argument(f"--{part.name}", dest="parts", action="append_const", const=part.name, help=part.help)
    parser.add_argument(
        "--requests-per-second",
        type=_rate,
        default=REQUESTS_PER_SECOND,
        metavar="N",
        help=f"how many requests the callers send (default: {REQUESTS_PER_SECOND:g})",
    )
    parser.add_argument("--write", action="store_true", help="write docs/switching.md")
    _add_port(parser)
    parser.set_defaults(config=[], storage=None)


def _add_port(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=0, help="the port of the emulated AWS (default: a free one)")


def _settings_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--stack", default="dev", metavar="NAME", help="the stack file Pulumi.NAME.yaml (default: dev)"
    )
    options.add_argument(
        "--storage", choices=get_args(Storage), help="where the models live (default: as the stack file says)"
    )
    options.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="overrides a setting of the stack file; repeatable",
    )
    return options


def _machine_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    _add_port(options)
    options.add_argument(
        "--docker", action="store_true", help="build the image and run the functions in containers of it"
    )
    options.add_argument(
        "--base-image",
        default=os.environ.get("BASE_IMAGE") or None,
        metavar="IMAGE",
        help="with --docker: the base image instead of AWS's Python image (default: $BASE_IMAGE)",
    )
    options.add_argument(
        "--keep-seconds",
        type=_keep,
        default=inf,
        metavar="N",
        help="how long an idle environment is kept; Lambda keeps it for five to fifteen minutes (default: for good)",
    )
    return options


if __name__ == "__main__":
    sys.exit(main())
