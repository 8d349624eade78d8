"""The command line of `python -m local`: deploys the stack on this machine."""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from types import FrameType
from typing import get_args

import pulumi

from images.building import ImageError
from local.demo import DemoError, run_demo
from local.deployment import DeploymentError
from local.emulator import EmulatorError
from local.shapes import Storage
from local.stack import local_stack
from local.stack_config import StackConfigError, parse_override
from local.up import run_up

FAILURES = (EmulatorError, DeploymentError, DemoError, ImageError, StackConfigError, pulumi.RunError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1 if something failed, 130 if Ctrl-C stopped the demonstration."""
    options = _parser().parse_args(arguments)
    # SIGINT too: Python ignores it in a process that a shell script starts in the background.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        overrides = dict(parse_override(each) for each in options.config)
        if options.storage:
            overrides["storage"] = options.storage
        start = partial(
            local_stack,
            stack=options.stack,
            port=options.port,
            docker=options.docker,
            base_image=options.base_image,
        )
        if options.verb == "demo":
            return 0 if run_demo(start, overrides) else 1
        run_up(start, overrides)
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


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port; allowed are 1 to 65535, and 0 for a free one")
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="Run the stack on this machine.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--stack", default="dev", metavar="NAME", help="the stack file Pulumi.NAME.yaml (default: dev)")
    shared.add_argument(
        "--storage", choices=get_args(Storage), help="where the models live (default: as the stack file says)"
    )
    shared.add_argument("--port", type=_port, default=0, help="the port of the emulated AWS (default: a free one)")
    shared.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="overrides a setting of the stack file; repeatable",
    )
    shared.add_argument(
        "--docker", action="store_true", help="build the image and run the functions in containers of it"
    )
    shared.add_argument(
        "--base-image",
        default=os.environ.get("BASE_IMAGE") or None,
        metavar="IMAGE",
        help="with --docker: the base image instead of AWS's Python image (default: $BASE_IMAGE)",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    verbs.add_parser("demo", parents=[shared], help="deploy both modes, predict over HTTP and show the results")
    verbs.add_parser("up", parents=[shared], help="keep the API running until Ctrl-C")
    return parser


if __name__ == "__main__":
    sys.exit(main())
