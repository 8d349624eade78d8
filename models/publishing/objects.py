"""Objects: where a model repository is published, as documents and files under paths with forward slashes."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from handlers.manifest import FileEntry


class Listed(NamedTuple):
    """An object of a listing."""

    path: str
    """Relative to the repository."""
    size: int
    """Bytes."""
    modified: float
    """When it was written, in seconds since 1970."""


class Document(NamedTuple):
    """The content of a small object, and the tag that its next writer must name."""

    content: bytes
    tag: str


class Objects(Protocol):
    """A place that holds a model repository. Every write is whole or does not happen, also if the writer is killed.

    Safe to use from several threads. Every method raises PublishingError if the place cannot be reached or refuses.
    """

    @property
    def address(self) -> str:
        """The place, for people: `s3://bucket/prefix`, or a directory."""
        ...

    def names(self) -> Sequence[str]:
        """The first parts of all paths, sorted."""
        ...

    def under(self, path: str) -> Sequence[Listed]:
        """All objects below a path, which ends in a slash."""
        ...

    def read(self, path: str) -> Document | None:
        """A document; None if there is none."""
        ...

    def create(self, path: str, content: bytes) -> bool:
        """Write a document where there is none. Returns False, and writes nothing, if there is one."""
        ...

    def replace(self, path: str, content: bytes, tag: str) -> bool:
        """Write a document over the one with this tag. Returns False, and writes nothing, if there is another one."""
        ...

    def upload(self, path: str, source: Path, entry: FileEntry) -> bool:
        """Write a file where there is none. Returns False if one with the same bytes is there already.

        Raises PublishingError if another file is there, or if what arrives differs from `entry`.
        """
        ...

    def delete(self, paths: Iterable[str]) -> None:
        """Remove objects. A path without an object is passed over."""
        ...
