"""Bills of materials: the packages in each image, in CycloneDX format.

A bill depends only on the lock files, so it is the same on every machine. It leaves out the base image.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.markers import Marker
from packaging.requirements import Requirement

from images.building import PROJECT, REPOSITORY

REQUIREMENTS = PROJECT / "handlers" / "requirements"
LOCKS: Mapping[str, Sequence[str]] = {
    "litert": ["litert.txt"],
    "onnxruntime": ["litert.txt", "onnxruntime.txt"],
    "tensorflow": ["litert.txt", "onnxruntime.txt", "tensorflow-{architecture}.txt"],
}
"""The lock files of each image target. A baked target adds models, but no package."""

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Architectures in Docker's words, and in Python's."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A locked package."""

    name: str
    version: str
    sha256: Sequence[str]
    """The hashes of every file that the lock allows, in hexadecimal."""


def locked(text: str, python: str, architecture: str) -> list[Package]:
    """The packages that a lock installs, sorted by name.

    Args:
        text: a requirements file with a version and hashes for each package.
        python: Python's version in the image, such as `3.13`.
        architecture: `amd64` or `arm64`.
    """
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": MACHINES[architecture],
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
    found = [package for package, marker in _statements(text) if marker is None or marker.evaluate(environment)]
    return sorted(found, key=lambda package: package.name)


def every_locked(text: str) -> list[Package]:
    """The packages that a lock installs on any machine, sorted by name."""
    return sorted((package for package, _ in _statements(text)), key=lambda package: package.name)


def _statements(text: str) -> Iterator[tuple[Package, Marker | None]]:
    """Each package of a lock, with the machines that it is for; None for all."""
    for line in text.replace("\\\n", " ").splitlines():
        statement, *hashes = line.split("--hash=sha256:")
        statement = statement.partition(" #")[0]
        if not statement.strip() or statement.lstrip().startswith("#"):
            continue
        requirement = Requirement(statement)
        version = str(requirement.specifier).removeprefix("==")
        sha256 = tuple(value.split()[0] for value in hashes)
        yield Package(name=requirement.name, version=version, sha256=sha256), requirement.marker


def bill(target: str, packages: Sequence[Package]) -> dict[str, Any]:
    """The CycloneDX 1.6 document for an image target."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": f"{REPOSITORY}:{target}", "bom-ref": target}},
        "components": [_component(package) for package in packages],
        "dependencies": [{"ref": target, "dependsOn": [_url(package) for package in packages]}],
    }


def _component(package: Package) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _url(package),
        "name": package.name,
        "version": package.version,
        "purl": _url(package),
        "properties": [{"name": f"{REPOSITORY}:locked-sha256", "value": value} for value in package.sha256],
    }


def _url(package: Package) -> str:
    return f"pkg:pypi/{package.name}@{quote(package.version)}"


def write(directory: Path, python: str, architecture: str) -> None:
    """Write the bill of each image target to `directory` and print its path."""
    directory.mkdir(parents=True, exist_ok=True)
    for target, locks in LOCKS.items():
        texts = [(REQUIREMENTS / lock.format(architecture=architecture)).read_text() for lock in locks]
        held = [package for text in texts for package in locked(text, python, architecture)]
        path = directory / f"{target}-{architecture}.cdx.json"
        path.write_text(json.dumps(bill(target, held), indent=2) + "\n")
        print(f"{path}: {len(held)} packages")
