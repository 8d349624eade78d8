"""Tries the code of a version: the version answers real requests, with the server's own handler, in a process apart."""

import json
import mimetypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from handlers.contract import TENSORFLOW_LIBRARY_PATH
from handlers.manifest import CODE_DIRECTORY, CODE_FILE, HOOKS, Code, Manifest
from models.packaging.code.image_packages import modules_not_in_the_image
from models.packaging.errors import PackagingError
from models.places import PROJECT

TIMEOUT_SECONDS = 300
ERROR = "CodeError: "
"""What Python prints before the message of one."""


def request_files(requests: Path) -> Mapping[str, str]:
    """The files of a directory, each the body of a request, and their content types. Raises PackagingError."""
    found = sorted(path for path in requests.iterdir() if path.is_file()) if requests.is_dir() else []
    if not found:
        raise PackagingError(
            f"{requests} holds no request; give a directory of files as callers send them, such as flower.jpg: the "
            "suffix says the content type"
        )
    return {str(path.resolve()): mimetypes.guess_type(path.name)[0] or "application/octet-stream" for path in found}


def code_of(directory: Path, packages: Mapping[str, str]) -> Code:
    """The code in a version's directory, before it was tried."""
    paths = (path for path in sorted((directory / CODE_DIRECTORY).rglob("*")) if path.is_file())
    files = tuple(path.relative_to(directory).as_posix() for path in paths)
    return Code(hooks=HOOKS, files=files, samples=0, packages=packages)


def try_code(manifest: Manifest, directory: Path, requests: Path) -> Code:
    """Let a version answer each request twice.

    Args:
        manifest: of the version, with the code that `code_of` gave.
        directory: the version's directory.
        requests: see `request_files`.

    Returns the code with its hooks and what was measured. Raises PackagingError if it does not answer one with 200, or
    the same both times.
    """
    assert manifest.code is not None  # noqa: S101 - the caller's part
    asked = request_files(requests)
    with tempfile.TemporaryDirectory(prefix="code-trial-") as name:
        task = {
            "manifest": manifest.to_json(),
            "directory": str(directory.resolve()),
            "requests": asked,
            "hidden": sorted(modules_not_in_the_image()),
        }
        (Path(name) / "task.json").write_text(json.dumps(task), encoding="utf-8")
        _run(Path(name))
        report = json.loads((Path(name) / "report.json").read_text(encoding="utf-8"))
    return manifest.code._replace(
        hooks=tuple(hook for hook in HOOKS if hook in report["hooks"]),
        samples=len(asked),
        evidence={"median_seconds": report["median_seconds"], "answers": report["answers"]},
    )


def _run(directory: Path) -> None:
    environment = {**_libraries(), **os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "models.packaging.code.trial_process", str(directory)]
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=directory,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise PackagingError(f"{CODE_FILE} did not finish its trial within {TIMEOUT_SECONDS} s") from None
    if done.returncode:
        _, raised, message = done.stderr.rpartition(ERROR)
        reason = message if raised else (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PackagingError(f"the code was tried and failed: {' '.join(reason.split())[:1000]}")


def _libraries() -> Mapping[str, str]:
    """Where the engine finds TensorFlow's libraries, though the code must not import the package."""
    spec = find_spec("tensorflow")
    return {TENSORFLOW_LIBRARY_PATH: str(Path(spec.origin).parent)} if spec and spec.origin else {}
