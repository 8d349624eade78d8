"""Environments of their own for clients and tools whose dependencies do not go with the project's."""

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from models.origins import hugging_face, kaggle, mlflow
from tests.paths import PROJECT

PINS = {
    "mlflow-server": (
        *(mlflow.REQUIREMENT, "flask==3.1.3", "flask-cors==6.0.5", "sqlalchemy==2.1.9", "alembic==1.20.1"),
        *("graphene==3.4.3", "aiohttp==3.14.5", "pandas==3.1.1"),
    ),
    "origins": (mlflow.REQUIREMENT, hugging_face.REQUIREMENT, kaggle.REQUIREMENT),
    "kserve": ("kserve==0.21.0",),
    "mlserver": ("mlserver==1.7.1",),
    "schemathesis": ("schemathesis==4.32.5", "openapi-spec-validator==0.9.0"),
}
"""What each holds. The whole of MLflow would bring twice as much as its server needs."""

SECONDS = 600


def python_of(name: str) -> Path:
    """The interpreter of an environment, which is made where it is missing. Raises RuntimeError if it cannot be."""
    digest = hashlib.sha256("\n".join((sys.version, *PINS[name])).encode()).hexdigest()[:12]
    directory = PROJECT / "build" / "environments" / f"{name}-{digest}"
    python, done = directory / "bin" / "python", directory / "done"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two processes that run tests may want it at once
        if not done.exists():
            _make(directory, python, PINS[name])
            done.touch()
    return python


def _make(directory: Path, python: Path, pins: Sequence[str]) -> None:
    uv = (sys.executable, "-m", "uv")
    _run(*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(directory))
    _run(*uv, "pip", "install", "--quiet", "--python", str(python), *pins)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
