"""Deployed: the outputs of a stack, and how AWS is reached where it is: on this machine, or in an account."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from clients.signing import service_of
from local.stack_config import RUNNING


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A deployed stack."""

    outputs: Mapping[str, Any]
    environment: Mapping[str, str]
    """AWS's variables for clients, where they are not those of this process."""
    token: str | None = None
    """What a stack of this machine with auth jwt accepts."""

    @property
    def region(self) -> str:
        """Where its API is."""
        return str(self.outputs["requestsArn"]).split(":")[3]

    @property
    def service(self) -> str:
        """What requests to its API are signed for."""
        return service_of(str(self.outputs["requestsArn"]))

    def session(self) -> boto3.Session:
        """A boto3 session in the stack's region."""
        return boto3.Session(
            aws_access_key_id=self.environment.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=self.environment.get("AWS_SECRET_ACCESS_KEY"),
            region_name=self.region,
        )

    def client(self, service: str) -> Any:
        """A boto3 client in the stack's region."""
        # boto3's overloads know services by literal name only.
        return self.session().client(service, endpoint_url=self.environment.get("AWS_ENDPOINT_URL"))  # pyright: ignore


def find_deployed(project: Path, name: str) -> Deployed:
    """A stack that runs on this machine, or else one that Pulumi knows. Raises ValueError."""
    running = _running(project / RUNNING / f"{name}.json")
    if running is not None:
        return Deployed(outputs=running["outputs"], environment=running["environment"], token=running.get("token"))
    if shutil.which("pulumi") is None:
        raise ValueError(
            f"no stack {name!r} runs on this machine, and there is no pulumi on PATH to ask for another one; start it "
            "in another terminal (make up), or install Pulumi"
        )
    command = ["pulumi", "stack", "output", "--json", "--stack", name]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"the stack {name!r} cannot be read: {done.stderr.strip() or done.stdout.strip()}")
    outputs = json.loads(done.stdout or "{}")
    if "requestsArn" not in outputs:
        raise ValueError(f"the stack {name!r} has no output 'requestsArn'; deploy it with this release")
    return Deployed(outputs=outputs, environment={})


def _running(file: Path) -> Mapping[str, Any] | None:
    """What a stack of this machine says; None if no such stack runs."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        os.kill(int(document["process"]), 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return document
