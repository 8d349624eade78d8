"""The base image of the handlers' image, by the digest that its tag has now."""

import re
from pathlib import Path

import pulumi
import pulumi_docker as docker

DEFAULT = re.compile(r"^ARG BASE_IMAGE=(\S+)$", re.MULTILINE)


def base_image(dockerfile: Path, opts: pulumi.InvokeOptions) -> str | None:
    """The Dockerfile's default base as `repository:tag@sha256:digest`; None if it has no default.

    A registry moves a tag to each security update. The digest is part of what is built, so the next deployment builds
    on the update. Previews ask the registry, too.
    """
    if (found := DEFAULT.search(dockerfile.read_text())) is None:
        return None
    name = found[1]
    if "@" in name:
        return name
    image = docker.get_registry_image(name=name, opts=opts)
    return f"{name}@{image.sha256_digest}"
