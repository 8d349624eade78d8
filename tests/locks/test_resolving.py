"""Both locks resolve to wheels on every machine that README names: nobody needs a compiler."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import PROJECT

DEPLOYMENT, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
PYTHONS = ("3.11", "3.12", "3.13")
MACOS = "14.0"
"""The oldest that README names."""

MACHINES = {
    "macOS arm64": ("aarch64-apple-darwin", (DEPLOYMENT, DEVELOPMENT)),
    "Linux x86-64": ("x86_64-unknown-linux-gnu", (DEPLOYMENT, DEVELOPMENT)),
    "Linux arm64": ("aarch64-unknown-linux-gnu", (DEPLOYMENT, DEVELOPMENT)),
    "Windows": ("x86_64-pc-windows-msvc", (DEPLOYMENT,)),
    "macOS x86-64": ("x86_64-apple-darwin", (DEPLOYMENT,)),
}


def resolve(lock: Path, platform: str, python: str, scratch: Path) -> "subprocess.CompletedProcess[str]":
    """What `pip install` would do on that machine, from wheels alone, with every hash checked and nothing unlocked."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--require-hashes", "--only-binary", ":all:"),
            *("--python-platform", platform, "--python-version", python, "--target", str(scratch / "nowhere")),
            *("--requirements", str(lock)),
        ],
        cwd=scratch,  # away from the project's own settings of uv
        env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": MACOS},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.index
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("platform", "lock"),
    [
        pytest.param(platform, lock, id=f"{machine}, {lock}")
        for machine, (platform, locks) in MACHINES.items()
        for lock in locks
    ],
)
def test_a_lock_installs_from_wheels(platform: str, lock: str, python: str, tmp_path: Path) -> None:
    done = resolve(PROJECT / lock, platform, python, tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Would install \d+ packages", done.stderr, re.MULTILINE), done.stderr


@pytest.mark.index
def test_a_package_without_a_wheel_for_a_machine_fails(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    text, markers = re.subn(r"(\nawslambdaric==\S+) ; .* \\", r"\1 \\", (PROJECT / DEVELOPMENT).read_text())
    assert markers == 1
    lock.write_text(text)
    done = resolve(lock, MACHINES["macOS arm64"][0], PYTHONS[0], tmp_path)
    assert done.returncode != 0
    assert re.search(r"awslambdaric==\S+ has no usable wheels", done.stderr), done.stderr
