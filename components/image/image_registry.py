"""Image registry: reads an image's documents by the registry's protocol. Imports no Pulumi.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import hashlib
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from components.image.image_manifest import INDEX_TYPES, MANIFEST_TYPES

IMAGE_URI = re.compile(r"(?P<host>[^/@]+)/(?P<repository>[^@]+?)(?::[\w.-]+)?@(?P<digest>sha256:[0-9a-f]{64})")
LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
DOCUMENT_LIMIT_BYTES = 4 << 20
"""Registries accept manifests of up to 4 MiB; an image's configuration is smaller."""
TIMEOUT_SECONDS = 20


class ImageUnreadable(ValueError):
    """An image's documents could not be read from its registry. The message says why."""


def read_image(image_uri: str, authorization_token: str | None = None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """An image's manifest and configuration; for an index, the index and an empty configuration.

    Args:
        image_uri: host/repository@sha256:digest.
        authorization_token: base64 of `user:password`, as ECR gives it.

    Raises:
        ImageUnreadable: the registry has no such image, refuses, or does not answer, or its answer does not match the
            digest.
    """
    parts = IMAGE_URI.fullmatch(image_uri)
    if parts is None:
        raise ImageUnreadable(f"{image_uri!r} is not of the form host/repository@sha256:digest")
    scheme = "http" if LOOPBACK.fullmatch(parts["host"]) else "https"
    root = f"{scheme}://{parts['host']}/v2/{parts['repository']}"
    manifest = _document(image_uri, f"{root}/manifests/{parts['digest']}", parts["digest"], authorization_token)
    if "config" not in manifest:
        return manifest, {}
    digest = str(manifest["config"]["digest"])
    return manifest, _document(image_uri, f"{root}/blobs/{digest}", digest, authorization_token)


def _document(image_uri: str, url: str, digest: str, token: str | None) -> Mapping[str, Any]:
    request = urllib.request.Request(url, headers={"Accept": ", ".join((*MANIFEST_TYPES, *INDEX_TYPES))})  # noqa: S310
    if token:
        # Registries redirect to a storage, which must not see the credentials.
        request.add_unredirected_header("Authorization", f"Basic {token}")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read(DOCUMENT_LIMIT_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise ImageUnreadable(f"{image_uri}: the registry answered {error.code} {error.reason}") from None
    except OSError as error:
        raise ImageUnreadable(f"{image_uri}: the registry does not answer: {error}") from None
    if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
        raise ImageUnreadable(f"{image_uri}: the registry's answer does not have the digest {digest}")
    return json.loads(body)
