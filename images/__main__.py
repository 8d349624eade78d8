"""Builds the handlers' images and lists what each one holds."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from images.bill_of_materials import MACHINES, scan, write
from images.building import PROJECT, REPOSITORY, TARGETS, ImageError, build, docker_command, inspect

DEFAULT_TARGETS = ("litert", "tensorflow")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is the command's own: 0, 1 if it failed, 2 if an argument is wrong."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    building = commands.add_parser("build", help="build images and print each one's name and size")
    building.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"what to build (default: {' '.join(DEFAULT_TARGETS)})"
    )
    building.add_argument("--base-image", help="the base image instead of AWS's Python image")
    building.add_argument("--platform", choices=("linux/amd64", "linux/arm64"), help="default: this machine's")
    building.add_argument("--models-directory", metavar="DIRECTORY", help="the models for a baked target")
    building.set_defaults(run=_build)

    bill = commands.add_parser("bill", help="write the bills of materials and look for known vulnerabilities")
    bill.add_argument(
        "--directory",
        type=Path,
        default=PROJECT / "build" / "bills",
        help="where to write the bills (default: build/bills)",
    )
    bill.add_argument("--python", default="3.13", help="Python's version in the base image (default: 3.13)")
    bill.add_argument("--architecture", choices=sorted(MACHINES), default="amd64", help="default: amd64")
    bill.set_defaults(run=_bill)

    options = parser.parse_args(arguments)
    return options.run(options)


def _build(options: argparse.Namespace) -> int:
    targets: Sequence[str] = options.targets or DEFAULT_TARGETS
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
    """Write and scan the bills; the exit code is 1 if a package has a known vulnerability."""
    packages = write(options.directory, options.python, options.architecture)
    vulnerable, unknown = scan(packages)
    print(
        f"Scanned {len(packages) - len(unknown)} of {len(packages)} packages: {len(vulnerable)} known vulnerabilities"
    )
    for line in vulnerable:
        print(f"  unsafe: {line}")
    for line in unknown:
        print(f"  not scanned: {line}")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
