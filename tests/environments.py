"""Environments of their own for clients and tools whose dependencies do not go with the project's."""

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.paths import PROJECT

PINS = {
    "kserve": ("kserve==0.21.0",),
    "mlserver": ("mlserver==1.7.1",),
    "schemathesis": ("schemathesis==4.32.5", "openapi-spec-validator==0.9.0"),
}
"""What each holds."""

SECONDS = 600


def python_of(name: str) -> Path:
    """The interpreter of an environment, which is made where it is missing. Raises RuntimeError if it cannot be."""
    digest = hashlib.sha256("\n".join((sys.version, *PINS[name])).encode()).hexdigest()[:12]
    directory = PROJECT / "build" / "environments" / f"{name}-{digest}"
    python, done = directory / "bin" / "python", directory / "done"
    if not done.exists():
        uv = (sys.executable, "-m", "uv")
        _run(*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(directory))
        _run(*uv, "pip", "install", "--quiet", "--python", str(python), *PINS[name])
        done.touch()
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
