"""One run of the mirror for one model."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from handlers.checked_json import ManifestError
from handlers.durable import write_durably
from handlers.manifest import MANIFEST_FILE, POINTER_FILE
from handlers.manifest_reading import parse_manifest_of, parse_pointer
from handlers.mirror.bucket import BucketRepository, Contents
from handlers.mirror.directory import ModelDirectory
from handlers.serving.stores import StoreError

DOWNLOADS_AT_ONCE = 4


def reason_of(error: Exception) -> str:
    """Why something could not be copied, for the report."""
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return f"{error} Do the route tables of the function's subnets lead to an S3 endpoint?"
    if isinstance(error, StoreError | ManifestError | OSError | BotoCoreError | ClientError):
        return str(error)
    return f"{type(error).__name__}: {error}"


@dataclass(kw_only=True)
class ModelReport:
    """What a run did to a model."""

    copied: list[int] = field(default_factory=list[int])
    removed: list[int] = field(default_factory=list[int])
    bytes_copied: int = 0
    leftovers_removed: int = 0
    """Entries that an earlier run left unfinished."""
    pointer: Literal["moved", "unchanged", "withdrawn"] = "unchanged"
    failures: list[str] = field(default_factory=list[str])

    @property
    def is_news(self) -> bool:
        """Whether anything was done or failed."""
        return self != ModelReport()


class ModelMirror:
    """Makes the directory of a model hold the same versions as the bucket.

    Args:
        source: the bucket.
        contents: what it holds of the model.
        directory: the directory.
        model: the model's name.
        compare: whether to compare files that are there with their checksums, or only by their size.
    """

    def __init__(
        self, source: BucketRepository, contents: Contents, directory: ModelDirectory, model: str, *, compare: bool
    ) -> None:
        self._source, self._contents, self._directory = source, contents, directory
        self._model, self._compare = model, compare
        self._report = ModelReport()

    def run(self) -> ModelReport:
        """Compare once, and copy what differs. Failures are in the report; the other steps go on."""
        self._attempt(self._run)
        return self._report

    def _run(self) -> None:
        self._report.leftovers_removed = self._directory.sweep()
        contents = self._contents
        pointer = self._document(POINTER_FILE) if contents.has_pointer else None
        awaited = contents.versions & (parse_pointer(pointer).versions() if pointer else frozenset())
        # The versions that the pointer names come first, so that readers do not wait for the others.
        for version in sorted(awaited):
            self._attempt(lambda version=version: self._copy(version))
        self._attempt(lambda: self._point(pointer))
        for version in sorted(contents.versions - awaited, reverse=True):
            self._attempt(lambda version=version: self._copy(version))
        self._attempt(lambda: self._remove_all_but(contents))

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # whatever it is, it must not keep the other models from being copied
            self._report.failures.append(reason_of(error))

    def _document(self, path: str) -> bytes:
        """A document as it is in the bucket. It is fetched only if what is here is something else."""
        here = self._directory.document(path)
        # An entity tag is the MD5 of the content, but for some ways to upload and to encrypt.
        if here is not None and hashlib.md5(here, usedforsecurity=False).hexdigest() == self._contents.documents[path]:
            return here
        return self._source.document(self._model, path)

    def _copy(self, version: int) -> None:
        content = self._document(f"{version}/{MANIFEST_FILE}")
        manifest = parse_manifest_of(self._model, version, content)
        if self._directory.holds(manifest, content, compare=self._compare):
            return
        files = manifest.engine_files()
        with self._directory.receive(version) as incoming:
            with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as downloads:
                copies = [
                    downloads.submit(self._source.copy, self._model, version, entry, incoming / entry.path)
                    for entry in files
                ]
            for copy in copies:
                copy.result()
            write_durably(incoming / MANIFEST_FILE, content)
        self._report.copied.append(version)
        self._report.bytes_copied += sum(entry.size for entry in files)

    def _point(self, content: bytes | None) -> None:
        if content is None:
            self._report.pointer = "withdrawn" if self._directory.unpoint() else "unchanged"
            return
        if missing := sorted(parse_pointer(content).versions() - self._directory.versions()):
            raise StoreError(
                f"{self._model}/current.json names the versions {missing}, which could not be copied; "
                "readers keep the pointer that they have"
            )
        self._report.pointer = "moved" if self._directory.point_to(content) else "unchanged"

    def _remove_all_but(self, contents: Contents) -> None:
        pointer = self._directory.pointer()
        named = pointer.versions() if pointer else frozenset[int]()
        for version in sorted(self._directory.versions() - contents.versions - named):
            self._directory.remove(version)
            self._report.removed.append(version)
        self._directory.sweep()
