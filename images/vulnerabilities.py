"""Known vulnerabilities of everything that a lock of the project installs, on any machine. Asks PyPI by pip-audit."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from images.bill_of_materials import Package, every_locked
from images.building import PROJECT


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What was looked up, and what was found."""

    packages: Sequence[Package]
    vulnerable: Sequence[str]
    """A line for each vulnerability."""
    unknown: Sequence[str]
    """A line for each package that was not looked up, with the reason."""


def lock_files(project: Path = PROJECT) -> Sequence[Path]:
    """Every lock: of development, of the deployment, of the policy pack and of the images."""
    locks = [*project.glob("requirements*.txt"), project / "policy" / "requirements.txt"]
    further = [each for room in ("handlers", "benchmarks") for each in (project / room / "requirements").glob("*.txt")]
    return sorted([*locks, *further])


def scan(locks: Iterable[Path]) -> Scan:
    """Look up each version of each package in these locks once."""
    found = {(each.name, each.version): each for lock in locks for each in every_locked(lock.read_text())}
    vulnerable: list[str] = []
    unknown: list[str] = []
    for packages in _one_version_of_each(list(found.values())):
        flaws, missed = _ask(packages)
        vulnerable += flaws
        unknown += missed
    return Scan(packages=list(found.values()), vulnerable=vulnerable, unknown=unknown)


def _one_version_of_each(packages: Sequence[Package]) -> Sequence[Sequence[Package]]:
    """The packages in groups, none of which has two versions of a package: pip-audit takes one."""
    groups: list[dict[str, Package]] = []
    for package in packages:
        free = next((group for group in groups if package.name not in group), None)
        if free is None:
            groups.append(free := {})
        free[package.name] = package
    return [list(group.values()) for group in groups]


def _ask(packages: Sequence[Package]) -> tuple[list[str], list[str]]:
    """A line for each vulnerability, and one for each package that was not looked up."""
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
    answered = {each["name"] for each in found if "skip_reason" not in each}
    reasons = {each["name"]: each["skip_reason"] for each in found if "skip_reason" in each}
    return vulnerable, [
        f"{package.name} {package.version}: {reasons.get(package.name, 'pip-audit does not name it')}"
        for package in packages
        if package.name not in answered
    ]
