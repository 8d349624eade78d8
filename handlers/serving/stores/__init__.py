"""Stores: where a model's files come from. All of them hold the one layout of `handlers.manifest`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from handlers.manifest import FileEntry, Manifest, Pointer


class Store(Protocol):
    """A model repository that can be read from."""

    def pointer(self, model: str) -> Pointer:
        """Which version answers by default. Raises NotInStore if the model has none."""
        ...

    def manifest(self, model: str, version: int) -> Manifest:
        """What a version holds. Raises NotInStore if the version is not there, ManifestError if it cannot be read."""
        ...

    def fetch(self, model: str, version: int, files: Sequence[FileEntry]) -> Path:
        """A local directory that holds these files of a version, whole, at their paths.

        Raises StoreError if one is missing or is not what the manifest says.
        """
        ...

    def close(self) -> None:
        """Give up what is kept open; what is read later opens its own."""
        ...

    def keep(self, model: str, version: int) -> AbstractContextManager[None]:
        """While the context is open, what is fetched of a version stays in its directory."""
        ...


class StoreError(Exception):
    """A store could not be read: the message names the file and what was found instead."""


class NotInStore(StoreError):
    """The model, or that version of it, is not in the store."""


def open_store(uri: str) -> Store:
    """The store behind a `MODEL_STORE_URI`. Raises ValueError for a scheme that is none of `s3` and `file`."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        from handlers.serving.stores.directory import DirectoryStore

        return DirectoryStore(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        from handlers.serving.stores.s3 import S3Store

        return S3Store(parts.netloc, parts.path.strip("/"))
    raise ValueError(f"MODEL_STORE_URI is {uri!r}; it must be s3://bucket/prefix or file:///path")
