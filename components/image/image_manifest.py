"""Image manifests: whether Lambda accepts an image, by its registry's documents. Imports no Pulumi and no Docker."""

from collections.abc import Mapping, Sequence
from typing import Any

from handlers.contract import Architecture

DOCKER_NAMES: Mapping[Architecture, str] = {"x86_64": "amd64", "arm64": "arm64"}
"""Lambda's architectures as an image's configuration names them."""

MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
INDEX_TYPES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
"""An index lists manifests. Lambda accepts a manifest and refuses an index, even of one image.
https://docs.aws.amazon.com/lambda/latest/dg/images-create.html"""

IMAGE_LIMIT_BYTES = 10 << 30
"""Uncompressed, all layers. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

ATTESTATION = "attestation-manifest"
"""BuildKit's mark of a manifest that describes a build instead of an image."""


class ImageRefused(ValueError):
    """Lambda would refuse the image. The message says why and how to make one that it accepts."""


def check_image(
    name: str,
    manifest: Mapping[str, Any],
    config: Mapping[str, Any],
    architecture: Architecture,
    uncompressed_bytes: int | None = None,
) -> None:
    """Check an image before a function gets it.

    Args:
        name: the image's name in messages.
        manifest: its manifest, parsed; an index is refused.
        config: its configuration, parsed; `architecture` and `os` are read.
        architecture: of the function.
        uncompressed_bytes: its size on disk. None takes the sum of the manifest's layers, which is never more, because
            layers are compressed.

    Raises:
        ImageRefused: Lambda would refuse the image, or fail to start it.
    """
    check_media_type(name, manifest)
    check_architecture(name, config, architecture)
    compressed = sum(int(layer["size"]) for layer in manifest.get("layers", ()))
    check_size(name, max(uncompressed_bytes or 0, compressed))


def check_media_type(name: str, manifest: Mapping[str, Any]) -> None:
    """Raise ImageRefused unless the document is the manifest of one image."""
    manifests: Sequence[Mapping[str, Any]] | None = manifest.get("manifests")
    media_type = manifest.get("mediaType") or (INDEX_TYPES[-1] if manifests is not None else MANIFEST_TYPES[-1])
    if media_type in MANIFEST_TYPES:
        return
    if media_type not in INDEX_TYPES:
        raise ImageRefused(
            f"{name} has a manifest of the type {media_type}; Lambda takes {' and '.join(MANIFEST_TYPES)}."
        )
    images = [entry for entry in manifests or () if not _is_attestation(entry)]
    if len(images) < len(manifests or ()):
        reason = "an attestation of its build beside it"
        remedy = "Build it with --provenance=false --sbom=false, or with BUILDX_NO_DEFAULT_ATTESTATIONS=1."
    else:
        reason = f"an index of {len(images)} images"
        remedy = "Build it for one platform, or give the digest of the one that the function is for."
    raise ImageRefused(f"{name} is an image index ({media_type}): {reason}. Lambda takes a single image. {remedy}")


def check_architecture(name: str, config: Mapping[str, Any], architecture: Architecture) -> None:
    """Raise ImageRefused unless the image is for Linux on the function's architecture."""
    wanted = ("linux", DOCKER_NAMES[architecture])
    found = (config.get("os", "linux"), config.get("architecture"))
    if found != wanted:
        raise ImageRefused(
            f"{name} was built for {'/'.join(str(part) for part in found)}; the function's architecture is "
            f"{architecture}. Build it with --platform {'/'.join(wanted)}, or set the architecture to the image's."
        )


def check_size(name: str, size_bytes: int) -> None:
    """Raise ImageRefused if the image is larger than Lambda accepts."""
    if size_bytes > IMAGE_LIMIT_BYTES:
        raise ImageRefused(
            f"{name} has {size_bytes / (1 << 30):,.1f} GiB; Lambda takes images of at most "
            f"{IMAGE_LIMIT_BYTES >> 30} GiB, uncompressed. Bake fewer models into it, or set storage to s3, efs or "
            "s3files."
        )


def _is_attestation(entry: Mapping[str, Any]) -> bool:
    platform: Mapping[str, str] = entry.get("platform") or {}
    annotations: Mapping[str, str] = entry.get("annotations") or {}
    return annotations.get("vnd.docker.reference.type") == ATTESTATION or platform.get("os") == "unknown"
