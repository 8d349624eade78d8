"""BucketRepository: the model repository in a bucket, read for copying."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from handlers.manifest import MANIFEST_FILE, POINTER_FILE, FileEntry, Manifest, ManifestError, parse_manifest
from handlers.serving.stores import NotInStore, StoreError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a bucket holds of a model."""

    has_pointer: bool
    versions: frozenset[int]
    """Versions that have a manifest. It is written last, so these versions are complete."""


class BucketRepository:
    """Models under a prefix of a bucket."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def contents(self, model: str) -> Contents:
        """The versions of a model, and whether it has a pointer."""
        root = f"{self._prefix}/{model}/".lstrip("/")
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=root)
        paths = [item["Key"].removeprefix(root) for page in pages for item in page.get("Contents", [])]  # pyright: ignore[reportTypedDictNotRequiredAccess]
        return Contents(
            has_pointer=POINTER_FILE in paths,
            versions=frozenset(version for path in paths if (version := _version_of_manifest(path)) is not None),
        )

    def pointer(self, model: str) -> bytes:
        """The content of `current.json`. Raises NotInStore."""
        return self._read(self._key(model, POINTER_FILE))

    def manifest(self, model: str, version: int) -> tuple[Manifest, bytes]:
        """The manifest of a version, and the bytes that it was read from.

        Raises:
            NotInStore: the version has no manifest.
            ManifestError: the manifest is malformed, or belongs to another model or version.
        """
        key = self._key(model, str(version), MANIFEST_FILE)
        content = self._read(key)
        manifest = parse_manifest(content)
        if (manifest.model, manifest.version) != (model, version):
            raise ManifestError(
                f"{self._uri(key)} says that it is version {manifest.version} of {manifest.model}; "
                f"publish {model} version {version} again"
            )
        return manifest, content

    def copy(self, model: str, version: int, entry: FileEntry, destination: Path) -> None:
        """Write a file of a version to the disk, durably. Raises StoreError if it is not what the manifest says."""
        key = self._key(model, str(version), entry.path)
        digest, size = hashlib.sha256(), 0
        destination.parent.mkdir(parents=True, exist_ok=True)
        with destination.open("wb") as file:
            for chunk in self._open(key).iter_chunks(CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            file.flush()
            os.fsync(file.fileno())
        if size != entry.size:
            raise StoreError(f"{self._uri(key)} has {size} bytes; the manifest says {entry.size}")
        if digest.hexdigest() != entry.sha256:
            raise StoreError(f"{self._uri(key)} has the SHA-256 {digest.hexdigest()}; the manifest says {entry.sha256}")

    def _read(self, key: str) -> bytes:
        return self._open(key).read()

    def _open(self, key: str) -> "StreamingBody":
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        except self._client.exceptions.NoSuchKey:
            raise NotInStore(f"{self._uri(key)} is not there") from None

    def _key(self, *parts: str) -> str:
        return "/".join((self._prefix, *parts)).lstrip("/")

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"


def _version_of_manifest(path: str) -> int | None:
    directory, _, name = path.partition("/")
    is_version = directory.isascii() and directory.isdecimal() and not directory.startswith("0")
    return int(directory) if is_version and name == MANIFEST_FILE else None
