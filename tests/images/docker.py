"""Docker for the tests: images that were built, and containers that run as in Lambda."""

import json
import subprocess
import tarfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

LAMBDA_USER = "993:990"
"""The user and group that Lambda runs an image as."""

AS_LAMBDA = (
    *("--read-only", "--tmpfs", "/tmp:size=512m", "--user", LAMBDA_USER),  # noqa: S108
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", "1024"),
)
"""A read-only root, a /tmp of 512 MB, no privileges: the limits of a function."""


def docker(*arguments: str, timeout: float = 120) -> str:
    """Run a Docker command. Returns its output."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Image:
    id: str

    @cached_property
    def inspected(self) -> dict[str, Any]:
        return json.loads(docker("image", "inspect", self.id))[0]

    @property
    def layers(self) -> list[str]:
        """The digests of the layers, the base's first."""
        return self.inspected["RootFS"]["Layers"]

    @property
    def size(self) -> int:
        return self.inspected["Size"]

    @cached_property
    def files(self) -> dict[str, tarfile.TarInfo]:
        """Every file of the image by path, with all layers applied. Works for an image that cannot run here."""
        container = docker("create", self.id, "none").strip()
        try:
            with (
                subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as export,
                tarfile.open(fileobj=export.stdout, mode="r|") as archive,
            ):
                return {member.name: member for member in archive}
        finally:
            docker("rm", container)

    def own_files(self, base: "Image") -> dict[str, tarfile.TarInfo]:
        """The files that the image adds to its base."""
        return {path: member for path, member in self.files.items() if path not in base.files}

    def python(self, code: str, *, memory_mib: int = 512, environment: Sequence[str] = ()) -> str:
        """Run Python code in the image as in Lambda, without a network. Returns its output."""
        return docker(
            *("run", "--rm", "--network", "none", *AS_LAMBDA, *limit(memory_mib)),
            *(part for each in environment for part in ("--env", each)),
            *("--entrypoint", "python3", self.id, "-c", code),
        )


def limit(memory_mib: int) -> tuple[str, ...]:
    """The options that give a container that much memory, and no swap."""
    return ("--memory", f"{memory_mib}m", "--memory-swap", f"{memory_mib}m")


def container_name() -> str:
    return f"tensorflow-lambda-test-{uuid.uuid4().hex[:12]}"
