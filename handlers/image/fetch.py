"""Fetches locked packages for the architecture of the image, on any machine. The build of the image runs this.

    python fetch.py install ARCHITECTURE REQUIREMENTS DIRECTORY [NAME …]     install wheels
    python fetch.py download ARCHITECTURE REQUIREMENTS DIRECTORY [NAME …]    download wheels

ARCHITECTURE is Docker's name, `amd64` or `arm64`. With NAMEs, only these requirements are fetched. Only wheels with a
locked hash are accepted, so nothing is compiled.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
GLIBC_MINORS = (34, 31, 28, 27, 26, 24, 17)
"""The manylinux tags that run on Amazon Linux 2023, which has glibc 2.34."""

CA_BUNDLE = Path("/run/secrets/ca")
"""Where the secret `ca` of the build is, if there is one."""


def pip_command(action: str, architecture: str, requirements: str, directory: str) -> list[str]:
    """The command that fetches. Raises KeyError if Lambda does not have the architecture."""
    machine = MACHINES[architecture]
    into = {"install": ["install", "--no-compile", "--target"], "download": ["download", "--dest"]}[action]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS] + [f"manylinux2014_{machine}"]
    return [
        sys.executable,
        *("-m", "pip", *into, directory),
        *("--requirement", requirements, "--require-hashes", "--no-deps", "--only-binary=:all:", "--quiet"),
        *(f"--platform={platform}" for platform in platforms),
    ]


def only(requirements: str, names: list[str]) -> str:
    """The lines of a requirements file that lock these packages. Raises ValueError if a package is not locked."""
    blocks = re.findall(r"^\S.*\n(?:[ \t].*\n)*", requirements + "\n", re.MULTILINE)
    chosen = [block for block in blocks if re.split(r"[^\w.-]", block)[0] in names]
    if missing := set(names) - {re.split(r"[^\w.-]", block)[0] for block in chosen}:
        raise ValueError(f"the requirements do not lock {', '.join(sorted(missing))}")
    return "".join(chosen)


def main(arguments: list[str]) -> int:
    """Run one of the commands in the module's docstring. Returns pip's exit code."""
    if len(arguments) < 4:
        sys.exit(__doc__)
    action, architecture, requirements, directory, *names = arguments
    trust = {"PIP_CERT": str(CA_BUNDLE)} if CA_BUNDLE.is_file() else {}
    with tempfile.TemporaryDirectory() as scratch:
        if names:
            chosen = Path(scratch) / "requirements.txt"
            chosen.write_text(only(Path(requirements).read_text(), names))
            requirements = str(chosen)
        command = pip_command(action, architecture, requirements, directory)
        return subprocess.run(command, env={**os.environ, **trust}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
