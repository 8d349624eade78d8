"""The command line of `python -m local`."""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import get_args

import pulumi

from images.building import ImageError
from local.demo import DemoError, run_demo
from local.deployment import DeploymentError
from local.emulator import EmulatorError
from local.shapes import Storage
from local.stack_config import StackConfigError, parse_override
from local.up import run_up

FAILURES = (EmulatorError, DeploymentError, DemoError, ImageError, StackConfigError, pulumi.RunError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1 where something failed, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    # Said for SIGINT too: a script that starts this in the background has Python ignore it.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        overrides = dict(parse_override(each) for each in options.config)
        if options.storage:
            overrides["storage"] = options.storage
        how = {name: getattr(options, name) for name in ("stack", "port", "docker", "base_image")}
        if options.verb == "demo":
            return 0 if run_demo(overrides, **how) else 1
        run_up(overrides, **how)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 0 if options.verb == "up" else 130
    except FAILURES as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Exception:  # the program's own, shown as Pulumi shows it
        print(f"error: Program failed with an unhandled exception:\n{traceback.format_exc()}", file=sys.stderr)
        return 1
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is no port; allowed are 1 to 65535, and 0 for any free one")
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="Run the stack on this machine.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--stack", default="dev", metavar="NAME", help="the stack file Pulumi.NAME.yaml; dev if left out"
    )
    shared.add_argument(
        "--storage", choices=get_args(Storage), help="where the models live; the stack file's if left out"
    )
    shared.add_argument("--port", type=_port, default=0, help="the port of the emulated AWS; a free one if left out")
    shared.add_argument(
        "--config", action="append", default=[], metavar="KEY=VALUE", help="a setting over the stack file's; repeatable"
    )
    shared.add_argument(
        "--docker", action="store_true", help="build the image and run the functions in containers of it"
    )
    shared.add_argument(
        "--base-image",
        default=os.environ.get("BASE_IMAGE") or None,
        metavar="IMAGE",
        help="with --docker: what to build on in place of AWS's Python image; BASE_IMAGE if left out",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    verbs.add_parser("demo", parents=[shared], help="deploy both modes, predict over HTTP, show what came back")
    verbs.add_parser("up", parents=[shared], help="leave the API running until Ctrl-C")
    return parser


if __name__ == "__main__":
    sys.exit(main())
