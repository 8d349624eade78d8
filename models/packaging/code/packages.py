"""Brings the packages that a version's code depends on into the version: pinned, and pure Python."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from handlers.manifest import CODE_DIRECTORY, CODE_PACKAGES
from models.packaging.code.files import REQUIREMENTS, refuse_unusable
from models.packaging.code.image_packages import canonical, image_packages
from models.packaging.errors import PackagingError

PYTHON_VERSION = "3.13"
"""Of the images. See `handlers/Dockerfile`."""

PURE = ("--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none")
"""Only packages without compiled parts."""


def bring_packages(directory: Path) -> Mapping[str, str]:
    """Install what the code's `requirements.txt` pins below `CODE_PACKAGES`.

    Args:
        directory: the version's directory, with the code in it.

    Returns the packages and their versions. Raises PackagingError if a line pins no version, a package cannot be had
    or is not pure Python, or one needs another that is not pinned.
    """
    requirements, target = directory / CODE_DIRECTORY / REQUIREMENTS, directory / CODE_PACKAGES
    pins = dict(_pins(requirements)) if requirements.is_file() else {}
    if not pins:
        return {}
    if target.exists():
        raise PackagingError(f"the code has packages in lib/ and in {REQUIREMENTS}; leave one of them out")
    _install(requirements, target)
    for cache in sorted(target.rglob("__pycache__")):
        for path in cache.iterdir():
            path.unlink()
        cache.rmdir()
    refuse_unusable([path for path in (directory / CODE_DIRECTORY).rglob("*") if path.is_file()])
    _refuse_incomplete(target, pins)
    return pins


def _pins(requirements: Path) -> Iterator[tuple[str, str]]:
    text = requirements.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in (each.partition(" #")[0].partition(" --hash")[0].strip() for each in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement as error:
            raise PackagingError(f"{REQUIREMENTS} has {line!r}, which is no requirement: {error}") from None
        versions = [each.version for each in requirement.specifier if each.operator in ("==", "===")]
        if len(versions) != 1 or len(requirement.specifier) != 1 or "*" in versions[0]:
            raise PackagingError(f"{REQUIREMENTS} has {line!r}; pin one version: {requirement.name}==VERSION")
        yield canonical(requirement.name), versions[0]


def _install(requirements: Path, target: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    how = ["--no-deps", "--no-compile", "--python-version", PYTHON_VERSION, *PURE]
    done = subprocess.run(
        [*pip, *how, "--target", str(target), "--requirement", str(requirements)], capture_output=True, text=True
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")] or [done.stderr]
        raise PackagingError(
            f"what {REQUIREMENTS} pins cannot be installed as pure Python for {PYTHON_VERSION}: "
            f"{lines[-1].removeprefix('ERROR: ').strip()[:300]}"
        )


def _refuse_incomplete(target: Path, pins: Mapping[str, str]) -> None:
    held = image_packages()
    for distribution in distributions(path=[str(target)]):
        for line in distribution.requires or ():
            requirement = Requirement(line)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            name = canonical(requirement.name)
            if name not in held and name not in pins:
                raise PackagingError(
                    f"{distribution.name} needs {requirement.name}, which {REQUIREMENTS} does not pin; add a line "
                    f"{requirement.name}==VERSION"
                )
