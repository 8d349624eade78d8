"""Bills of materials: the packages in each image, in CycloneDX format, and their known vulnerabilities.

A bill depends only on the lock files, so it is the same on every machine. It leaves out the base image. The scan asks
PyPI through pip-audit.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.requirements import Requirement

from images.building import PROJECT, REPOSITORY

REQUIREMENTS = PROJECT / "handlers" / "requirements"
LOCKS: Mapping[str, Sequence[str]] = {
    "litert": ["litert.txt"],
    "tensorflow": ["litert.txt", "tensorflow-{architecture}.txt"],
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
    packages: list[Package] = []
    for line in text.replace("\\\n", " ").splitlines():
        statement, *hashes = line.split("--hash=sha256:")
        if not statement.strip() or statement.startswith("#"):
            continue
        requirement = Requirement(statement)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            version = str(requirement.specifier).removeprefix("==")
            packages.append(
                Package(name=requirement.name, version=version, sha256=tuple(value.strip() for value in hashes))
            )
    return sorted(packages, key=lambda package: package.name)


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


def scan(packages: Sequence[Package]) -> tuple[list[str], list[str]]:
    """Ask PyPI for known vulnerabilities.

    Returns:
        A line for each vulnerability, and a line for each package that was not looked up, with the reason.
    """
    with tempfile.TemporaryDirectory() as directory:
        pins = Path(directory) / "requirements.txt"
        pins.write_text("".join(f"{package.name}=={package.version}\n" for package in packages))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip"),
                *("--format", "json", "--progress-spinner", "off", "--timeout", "15"),
            ],
            capture_output=True,
            text=True,
        )
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["pip-audit printed nothing"])[-1]
        return [], [f"{package.name} {package.version}: {reason}" for package in packages]
    vulnerable = [
        f"{each['name']} {each['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'none yet'}"
        for each in found
        for flaw in each.get("vulns", ())
    ]
    return vulnerable, [each["skip_reason"] for each in found if "skip_reason" in each]


def write(directory: Path, python: str, architecture: str) -> list[Package]:
    """Write the bill of each image target to `directory` and print its path. Returns every package once."""
    directory.mkdir(parents=True, exist_ok=True)
    packages: dict[str, Package] = {}
    for target, locks in LOCKS.items():
        texts = [(REQUIREMENTS / lock.format(architecture=architecture)).read_text() for lock in locks]
        held = [package for text in texts for package in locked(text, python, architecture)]
        path = directory / f"{target}-{architecture}.cdx.json"
        path.write_text(json.dumps(bill(target, held), indent=2) + "\n")
        print(f"{path}: {len(held)} packages")
        packages |= {package.name: package for package in held}
    return list(packages.values())
