"""BucketRepository: the model repository in a bucket, read for copying."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from handlers.contract import MODEL_NAME
from handlers.manifest import LARGEST_MANIFEST_BYTES, MANIFEST_FILE, POINTER_FILE, FileEntry
from handlers.serving.stores import NotInStore, StoreError
from handlers.serving.stores.checksum import Comparison

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

CHUNK_BYTES = 1 << 20


@dataclass(kw_only=True)
class Contents:
    """What a bucket holds of a model."""

    documents: dict[str, str] = field(default_factory=dict[str, str])
    """Path and entity tag of the pointer and of the manifests."""
    size: int = 0
    """Bytes of all of its objects."""

    @property
    def has_pointer(self) -> bool:
        """Whether the model is published."""
        return POINTER_FILE in self.documents

    @property
    def versions(self) -> frozenset[int]:
        """Versions that have a manifest. It is written last, so these versions are complete."""
        return frozenset(version for path in self.documents if (version := _version_of_manifest(path)) is not None)

    def add(self, path: str, size: int, tag: str) -> None:
        """Count an object, by its path in the model."""
        self.size += size
        if path == POINTER_FILE or _version_of_manifest(path) is not None:
            self.documents[path] = tag


class BucketRepository:
    """Models under a prefix of a bucket."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def contents(self, models: Sequence[str] | None) -> dict[str, Contents]:
        """What the bucket holds of these models, or of every model."""
        found = {model: Contents() for model in models or ()}
        root = self._key("")
        for below in [""] if models is None else [f"{model}/" for model in models]:
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{root}{below}"
            ):
                for item in page.get("Contents", []):
                    key, size, tag = item.get("Key", ""), item.get("Size", 0), item.get("ETag", "")
                    model, _, path = key.removeprefix(root).partition("/")
                    if path and MODEL_NAME.fullmatch(model):
                        found.setdefault(model, Contents()).add(path, size, tag.strip('"'))
        return found

    def document(self, model: str, path: str) -> bytes:
        """A pointer or a manifest; of one that is too large, a byte more than is allowed. Raises NotInStore."""
        return self._open(self._key(model, path)).read(LARGEST_MANIFEST_BYTES + 1)

    def copy(self, model: str, version: int, entry: FileEntry, destination: Path) -> None:
        """Write a file of a version to the disk, durably. Raises StoreError if it is not what the manifest says."""
        key = self._key(model, str(version), entry.path)
        comparison, size = Comparison(entry), 0
        destination.parent.mkdir(parents=True, exist_ok=True)
        with destination.open("wb") as file:
            for chunk in self._open(key).iter_chunks(CHUNK_BYTES):
                size += len(chunk)
                if size > entry.size:
                    break
                file.write(chunk)
                comparison.update(chunk)
            file.flush()
            os.fsync(file.fileno())
        if size != entry.size:
            found = f"{size}" if size < entry.size else f"more than {entry.size}"
            raise StoreError(f"{self._uri(key)} has {found} bytes; the manifest says {entry.size}")
        if difference := comparison.difference():
            raise StoreError(f"{self._uri(key)} {difference}")

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
    return int(directory) if is_version and name == MANIFEST_FILE and len(directory) < 19 else None
