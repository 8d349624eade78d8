"""Command line: builds the handlers' images, and writes what each one holds."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from images.bill_of_materials import MACHINES, scan, write
from images.building import PROJECT, REPOSITORY, TARGETS, ImageError, build, docker_command, inspect


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    building = commands.add_parser("build", help="build images and print the name and the size of each")
    building.add_argument("targets", nargs="*", metavar="TARGET", help="litert and tensorflow if none is named")
    building.add_argument("--base-image", help="a base other than AWS's Python image")
    building.add_argument("--platform", choices=("linux/amd64", "linux/arm64"), help="the machine's own if left out")
    building.add_argument("--models-directory", metavar="DIRECTORY", help="what a baked target bakes")
    building.set_defaults(run=_build)

    bill = commands.add_parser("bill", help="write the bills of materials, and look for known vulnerabilities")
    bill.add_argument("--directory", type=Path, default=PROJECT / "build" / "bills", help="where the bills go")
    bill.add_argument("--python", default="3.13", help="the version of Python in the base image")
    bill.add_argument("--architecture", choices=sorted(MACHINES), default="amd64")
    bill.set_defaults(run=_bill)

    options = parser.parse_args(arguments)
    return options.run(options)


def _build(options: argparse.Namespace) -> int:
    for target in options.targets or ("litert", "tensorflow"):
        if target not in TARGETS:
            print(f"error: {target!r} is no target; there are {', '.join(TARGETS)}", file=sys.stderr)
            return 2
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
    """The exit code is 1 if a known vulnerability was found."""
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
