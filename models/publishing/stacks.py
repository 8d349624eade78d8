"""Deployed stacks by name: where their models are published, and which functions serve them.

A stack that `make up` keeps running says so in `build/running/NAME.json`: its process, the variables by which clients
reach its AWS, its outputs, and the variables by which `pulumi` finds its state, if Pulumi's engine deployed it. Of any
other stack, `pulumi stack output` tells the outputs, or a file with what it printed.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from handlers.checked_json import ManifestError, read_object
from models.publishing.errors import PublishingError

RUNNING = Path("build/running")
"""Where stacks of this machine say that they run, below the project's directory."""

PREFIX = "models"
"""Where the model repository starts in a stack's bucket."""

OUTPUTS_SUFFIX = ".json"
"""Of a file with a stack's outputs, which stands for the stack where there is no access to Pulumi's state."""

LARGEST_OUTPUTS_BYTES = 1 << 20

Storage = Literal["s3", "efs", "s3files", "image"]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A deployed stack."""

    name: str
    bucket: str
    functions: Mapping[str, str]
    """The names of the functions, by model."""
    storages: Mapping[str, Storage]
    """Where each model lived when the stack was deployed."""
    mode: str
    engines: frozenset[str]
    """What its functions can run."""
    allows_code: bool
    """Whether its functions serve versions that bring code."""
    environment: Mapping[str, str]
    """AWS's variables for clients; empty for those of the person who runs the command."""

    def function_of(self, model: str) -> str | None:
        """The function that serves a model; None if it takes a deployment to have one."""
        if model in self.functions or self.mode != "multi":
            return self.functions.get(model)
        return next(iter(self.functions.values()), None)

    def storage_of(self, model: str) -> Storage | None:
        """Where a model lives; None if it takes a deployment to serve it."""
        if model in self.storages or self.mode != "multi":
            return self.storages.get(model)
        return next(iter(self.storages.values()), None)


def find_stack(project: Path, name: str) -> Stack:
    """A stack of this machine, or else one that Pulumi knows; or one by a file of its outputs, which ends in `.json`.

    Raises PublishingError.
    """
    if name.endswith(OUTPUTS_SUFFIX):
        return _stack(name, _outputs_in(Path(name)), {})
    running = _running(project, name)
    if running is None:
        return _stack(name, _outputs(project, name, {}), _region(project, name))
    known = running["outputs"]
    if running.get("pulumi") and shutil.which("pulumi"):
        known = _outputs(project, name, running["pulumi"])  # another process may have updated the stack
    return _stack(name, known, running["environment"])


def _stack(name: str, outputs: Mapping[str, Any], environment: Mapping[str, str]) -> Stack:
    try:
        return Stack(
            name=name,
            bucket=outputs["bucketName"],
            functions=outputs["functionNames"],
            storages=outputs["storages"],
            mode=outputs["mode"],
            engines=frozenset(outputs["engines"]),
            allows_code=bool(outputs.get("allowModelCode", False)),
            environment=environment,
        )
    except KeyError as error:
        raise PublishingError(f"the stack {name!r} has no output {error}; deploy it again with this release") from None


def _outputs_in(file: Path) -> Mapping[str, Any]:
    """What `pulumi stack output --json` printed into a file."""
    try:
        return read_object(file.read_bytes(), str(file), LARGEST_OUTPUTS_BYTES).value
    except OSError as error:
        raise PublishingError(f"{file} cannot be read: {error.strerror}") from None
    except ManifestError as error:
        raise PublishingError(f"{error}; write it with: pulumi stack output --json") from None


def _running(project: Path, name: str) -> Mapping[str, Any] | None:
    """What a stack of this machine says; None if no such stack runs."""
    try:
        document = json.loads((project / RUNNING / f"{name}.json").read_text(encoding="utf-8"))
        os.kill(int(document["process"]), 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    except PermissionError as error:
        raise PublishingError(f"the stack {name!r} of this machine belongs to another user: {error}") from None
    return document


def _outputs(project: Path, name: str, environment: Mapping[str, str]) -> Mapping[str, Any]:
    return json.loads(_pulumi(project, name, environment, "stack", "output", "--json") or "{}")


def _region(project: Path, name: str) -> Mapping[str, str]:
    return {"AWS_REGION": _pulumi(project, name, {}, "config", "get", "aws:region").strip()}


def _pulumi(project: Path, name: str, environment: Mapping[str, str], *arguments: str) -> str:
    """What `pulumi` prints about a stack."""
    if shutil.which("pulumi") is None:
        raise PublishingError(
            f"no stack {name!r} runs on this machine, and there is no pulumi on PATH to ask for another one. Start it "
            "in another terminal (make up), or say where its models are: --at s3://BUCKET/models"
        )
    done = subprocess.run(
        ["pulumi", *arguments, "--stack", name],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PublishingError(f"the stack {name!r} cannot be read: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
