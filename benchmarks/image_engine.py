"""ImageEngine: builds and runs the measured images: each target, and the image that tutorials build, on one base."""

import json
import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.object_server import ServerMissing
from benchmarks.paths import PROJECT
from images.building import ENGINE_TARGETS, build, docker_command, trusted_bundle
from models.profiling.runtime_server import FunctionFailed, RuntimeServer, function_failed

BASE_IMAGE = os.environ.get("BASE_IMAGE", "local/bookworm-python")
PLAIN = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY pins.txt /pins.txt
RUN --mount=type=secret,id=ca if [ -f /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi; \
    python3 -m venv /venv \
    && /venv/bin/pip install --quiet --no-cache-dir --constraint /pins.txt tensorflow-cpu awslambdaric boto3
"""
"""The image that tutorials build: the whole wheel and the runtime client, without pip's cache."""


class ImageEngine:
    """A Docker engine. Raises ServerMissing if none answers."""

    def __init__(self) -> None:
        command = docker_command()
        if command is None:
            raise ServerMissing("no Docker engine with BuildKit answers")
        self.command = command

    def build(self) -> Mapping[str, str]:
        """Build the targets and the plain image. Returns their names by target, and by `plain`."""
        names = {name: f"tensorflow-lambda-bench:{name}" for name in (*ENGINE_TARGETS, "plain")}
        for target in ENGINE_TARGETS:
            build(target, names[target], base_image=BASE_IMAGE)
        self._build_plain(names["plain"])
        return names

    def empty_start_seconds(self, image: str) -> float:
        """Seconds until a new container that only prints a word has printed it."""
        began = time.monotonic()
        with subprocess.Popen([*self._run(), "--entrypoint", "echo", image, "ready"], stdout=subprocess.PIPE) as said:
            if said.stdout is None or said.stdout.readline() != b"ready\n":
                raise FunctionFailed(f"{image}: a container does not start")
            return time.monotonic() - began

    def cold_start(
        self,
        image: str,
        command: list[str],
        variables: Mapping[str, str],
        mounts: Mapping[Path, str],
        event: Mapping[str, Any],
    ) -> tuple[float, dict[str, Any]]:
        """Run a container as Lambda does, and have it answer one event.

        Args:
            image: the image's name.
            command: its entry point and arguments.
            variables: the function's environment.
            mounts: by directory of this machine, where the container sees it.
            event: what the function is called with.

        Returns:
            The seconds from just before the container is made until its answer has arrived, and the answer.

        Raises:
            FunctionFailed: the function did not answer.
        """
        with RuntimeServer([json.dumps(event).encode()]) as server, tempfile.TemporaryFile() as log:
            name = f"tensorflow-lambda-bench-{uuid.uuid4().hex[:12]}"
            options = [f"--env={key}={value}" for key, value in {**variables, **server.variables}.items()]
            options += [f"--volume={directory}:{path}:ro" for directory, path in mounts.items()]
            began = time.monotonic()
            process = subprocess.Popen(
                [*self._run(), "--name", name, *options, "--entrypoint", command[0], image, *command[1:]],
                stdout=log,
                stderr=log,
            )
            try:
                if reason := server.wait_until_idle(process):
                    raise function_failed(image, reason, log)
                return server.answered[0].at - began, json.loads(server.answered[0].content)
            finally:
                subprocess.run([self.command, "rm", "--force", name], capture_output=True)
                process.wait()

    def _run(self) -> list[str]:
        user = ("--user", "993:990", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
        return [self.command, "run", "--rm", "--network", "host", "--read-only", "--tmpfs", "/tmp:size=512m", *user]  # noqa: S108

    def _build_plain(self, name: str) -> None:
        with tempfile.TemporaryDirectory() as directory:
            locked = (PROJECT / "requirements-dev.txt").read_text().splitlines()
            pins = [line.removesuffix("\\").strip() for line in locked if "==" in line]
            (Path(directory) / "pins.txt").write_text("\n".join(pins) + "\n")
            (Path(directory) / "Dockerfile").write_text(PLAIN)
            bundle = trusted_bundle()
            subprocess.run(
                [
                    *(self.command, "build", "--quiet", "--tag", name),
                    *("--build-arg", f"BASE_IMAGE={BASE_IMAGE}"),
                    *(("--secret", f"id=ca,src={bundle}") if bundle else ()),
                    directory,
                ],
                env={**os.environ, "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
                stdout=subprocess.DEVNULL,
                check=True,
            )
