"""Builds the handlers' container images with this machine's Docker engine."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ENGINE_TARGETS = ("litert", "onnxruntime", "tensorflow")
TARGETS = (*ENGINE_TARGETS, *(f"baked-{target}" for target in ENGINE_TARGETS))
REPOSITORY = "tensorflow-lambda"
"""`python -m images build` names an image `tensorflow-lambda:TARGET`."""

CA_BUNDLE_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE")
"""Environment variables that name the CA bundle of this machine, as behind a proxy. The build trusts it too."""

FIRST_WITHOUT_BUILDKIT = 23
"""From this version on, Docker's command line needs its plugin buildx to build with BuildKit."""


class ImageError(Exception):
    """An image could not be built; the message says why."""


def docker_command() -> str | None:
    """The first Docker command on PATH that builds with BuildKit and whose engine answers; None if there is none.

    A machine may have several. One without BuildKit cannot build the handlers' image.
    """
    for directory in os.get_exec_path():
        command = shutil.which("docker", path=directory)
        if command and _builds(command):
            return command
    return None


def build(
    target: str,
    tag: str,
    *,
    base_image: str | None = None,
    build_image: str | None = None,
    models_directory: str | None = None,
    platform: str | None = None,
    no_cache: bool = False,
    context: Path = PROJECT,
) -> str:
    """Build one target of `handlers/Dockerfile`.

    Args:
        target: one of `TARGETS`.
        tag: the name that the image gets.
        base_image, build_image: instead of the Dockerfile's defaults.
        models_directory: for a baked target, the models: a path relative to `context` that .dockerignore includes.
        platform: `linux/amd64` or `linux/arm64`; this machine's if None. Neither needs an emulator.
        no_cache: build every layer anew.
        context: a directory that holds `handlers/` and `.dockerignore`.

    Returns:
        The image's id, `sha256:…`.

    Raises:
        ImageError: no engine answers, or the build failed.
    """
    command = docker_command()
    if command is None:
        raise ImageError("no Docker engine with BuildKit answers; start one, or install Docker's plugin buildx")
    arguments = {"BASE_IMAGE": base_image, "BUILD_IMAGE": build_image, "MODELS_DIR": models_directory}
    bundle = trusted_bundle()
    options = [
        *("--file", str(context / "handlers" / "Dockerfile"), "--target", target, "--tag", tag),
        *(part for name, value in arguments.items() if value for part in ("--build-arg", f"{name}={value}")),
        *(("--platform", platform) if platform else ()),
        *(("--secret", f"id=ca,src={bundle}") if bundle else ()),
        *(("--no-cache",) if no_cache else ()),
    ]
    done = subprocess.run(
        [command, "build", "--progress", "plain", *options, str(context)],
        # An attestation would make the image an index, which Lambda refuses.
        env={**os.environ, "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise ImageError(f"building the target {target!r} failed:\n" + "\n".join(done.stdout.splitlines()[-20:]))
    return inspect(command, tag)["Id"]


def trusted_bundle() -> str | None:
    """The CA bundle that this machine trusts, for the build's secret `ca`; None if no variable names one."""
    return next((os.environ[name] for name in CA_BUNDLE_VARIABLES if os.environ.get(name)), None)


def inspect(command: str, image: str) -> Mapping[str, str]:
    """Docker's description of an image. Raises ImageError if there is no image of that name."""
    done = subprocess.run([command, "image", "inspect", image], capture_output=True, text=True)
    if done.returncode:
        raise ImageError(done.stderr.strip())
    return json.loads(done.stdout)[0]


def _builds(command: str) -> bool:
    version = _output(command, "version", "--format", "{{.Client.Version}} {{.Server.Version}}")
    if not version or not version[0].isdigit():
        return False
    return int(version.split(".")[0]) < FIRST_WITHOUT_BUILDKIT or bool(_output(command, "buildx", "version"))


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
