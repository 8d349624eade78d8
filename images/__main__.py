"""Builds the handlers' images, lists what each one holds, and looks for known vulnerabilities."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from images.bill_of_materials import MACHINES, write
from images.building import ENGINE_TARGETS, PROJECT, REPOSITORY, TARGETS, ImageError, build, docker_command, inspect
from images.vulnerabilities import lock_files, scan

NOT_ALL_SCANNED = 3
"""The exit code of a scan that found nothing, but did not look everything up."""

RED, PLAIN = "\033[31m", "\033[0m"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is the command's own: 0, 1 if it failed, 2 if an argument is wrong, 3 if a scan was
    not complete."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    building = commands.add_parser("build", help="build images and print each one's name and size")
    building.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"what to build (default: {' '.join(ENGINE_TARGETS)})"
    )
    building.add_argument("--base-image", help="the base image instead of AWS's Python image")
    building.add_argument("--platform", choices=("linux/amd64", "linux/arm64"), help="default: this machine's")
    building.add_argument("--models-directory", metavar="DIRECTORY", help="the models for a baked target")
    building.set_defaults(run=_build)

    bill = commands.add_parser("bill", help="write the bills of materials")
    bill.add_argument(
        "--directory",
        type=Path,
        default=PROJECT / "build" / "bills",
        help="where to write the bills (default: build/bills)",
    )
    bill.add_argument("--python", default="3.13", help="Python's version in the base image (default: 3.13)")
    bill.add_argument("--architecture", choices=sorted(MACHINES), default="amd64", help="default: amd64")
    bill.set_defaults(run=_bill)

    scanning = commands.add_parser("scan", help="look for known vulnerabilities of every locked package")
    scanning.set_defaults(run=_scan)

    options = parser.parse_args(arguments)
    return options.run(options)


def _build(options: argparse.Namespace) -> int:
    targets: Sequence[str] = options.targets or ENGINE_TARGETS
    if unknown := [target for target in targets if target not in TARGETS]:
        print(f"error: {unknown[0]!r} is not a target; choose from {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    for target in targets:
        tag = f"{REPOSITORY}:{target}"
        try:
            build(
                target,
                tag,
                base_image=options.base_image,
                platform=options.platform,
                models_directory=options.models_directory,
            )
        except ImageError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        size = int(inspect(docker_command() or "docker", tag)["Size"])
        print(f"{tag}  {size / 1e6:,.0f} MB")
    return 0


def _bill(options: argparse.Namespace) -> int:
    """Write the bills."""
    write(options.directory, options.python, options.architecture)
    return 0


def _scan(options: argparse.Namespace) -> int:
    """Scan every lock: 1 if a package has a known vulnerability, 3 if one was not looked up."""
    found = scan(lock_files())
    scanned, count = len(found.packages) - len(found.unknown), len(found.packages)
    complete = not found.unknown
    summary = f"Scanned {scanned} of {count} packages: {len(found.vulnerable)} known vulnerabilities"
    print(summary if complete else f"{RED}{summary}. NOT SCANNED: {len(found.unknown)}{PLAIN}")
    for line in found.vulnerable:
        print(f"  {RED}unsafe: {line}{PLAIN}")
    for line in found.unknown:
        print(f"  not scanned: {line}")
    return 1 if found.vulnerable else 0 if complete else NOT_ALL_SCANNED


if __name__ == "__main__":
    sys.exit(main())
