"""Stores: where a model's files come from. All of them have the layout that `handlers.manifest` describes."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from handlers.manifest import FileEntry, Manifest, Pointer

SAVED_MODEL_FILE = "saved_model.pb"
"""The file that makes a directory a SavedModel."""


class Store(Protocol):
    """A model repository that can be read."""

    def names(self) -> frozenset[str]:
        """The names under which anything is published. Raises StoreError."""
        ...

    def pointer(self, model: str) -> Pointer:
        """Which version answers by default. Raises NotInStore if the model has none, ManifestError if it is malformed.

        Without a pointer, the largest version answers of a model that has no manifest: such is TensorFlow Serving's
        layout. A model with a manifest and without a pointer is not published.
        """
        ...

    def manifest(self, model: str, version: int) -> Manifest:
        """The manifest of a version. Raises NotInStore if there is none, ManifestError if it is malformed or belongs to
        another version."""
        ...

    def fetch(self, model: str, version: int, files: Sequence[FileEntry]) -> Path:
        """A local directory that holds these files of a version, complete, at their paths.

        Raises StoreError if one is missing or its content is not what the manifest says.
        """
        ...

    def close(self) -> None:
        """Close connections. A later read opens a new one."""
        ...

    def keep(self, model: str, version: int) -> AbstractContextManager[None]:
        """Inside the block, the files of a version stay on the disk once they are fetched."""
        ...


class StoreError(Exception):
    """A store could not be read. The message names the file, and what was found instead."""

    retry_after_seconds = 1
    """When to try again."""


class NotInStore(StoreError):
    """The model or the version is not in the store."""


def open_store(uri: str, *, verify: bool = True) -> Store:
    """The store at a `MODEL_STORE_URI`. Raises ValueError if its scheme is neither `s3` nor `file`.

    Args:
        uri: the address.
        verify: whether files that are read where they lie are compared with their checksums. Files that are copied
            always are.
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        from handlers.serving.stores.directory import DirectoryStore

        return DirectoryStore(Path(unquote(parts.path)), verify=verify)
    if parts.scheme == "s3":
        from handlers.serving.stores.s3 import S3Store

        return S3Store(parts.netloc, parts.path.strip("/"))
    raise ValueError(f"MODEL_STORE_URI is {uri!r}; it must be s3://bucket/prefix or file:///path")
