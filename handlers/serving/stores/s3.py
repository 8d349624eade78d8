"""S3Store: a model repository in a bucket. The load of a model fetches its files to the function's disk."""

import hashlib
import os
import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from handlers.contract import MODEL_NAME
from handlers.manifest import (
    LARGEST_MANIFEST_BYTES,
    LARGEST_POINTER_BYTES,
    MANIFEST_FILE,
    POINTER_FILE,
    FileEntry,
    Manifest,
    Pointer,
)
from handlers.manifest_reading import parse_manifest_of, parse_pointer
from handlers.serving.stores import SAVED_MODEL_FILE, NotInStore, StoreError
from handlers.serving.stores.checksum import Comparison
from handlers.serving.stores.disk_tier import DiskTier
from handlers.serving.stores.pace import delay
from handlers.serving.stores.signed_http import TRIES, Bucket, RequestFailed

PART_BYTES = 8 * 1024 * 1024
"""Larger files are fetched in parts of this size, several at once: S3 limits each connection, not their number.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html"""

STREAMS = 16
"""How many parts are fetched at once."""

DOCUMENT_SECONDS = 8.0
"""How long to wait for a pointer, a manifest or a listing, all tries together: less than the time of an init or of a
request."""

RENEWAL_SECONDS = 2.0
"""The same for a pointer that was read before: if it cannot be read again, the last one stays in use."""

PART_SECONDS = 20.0
"""How long to wait for S3 to begin to send a part, all tries together."""

_BUFFER_BYTES = 256 * 1024


class _Interrupted(StoreError):
    """The connection broke while the object came."""


class _Busy(StoreError):
    """Every try failed."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class S3Store:
    """Reads `s3://bucket/prefix`; needs `s3:GetObject` on the models and `s3:ListBucket` under their prefixes."""

    def __init__(self, bucket: str, prefix: str, *, directory: Path | None = None, limit: int | None = None) -> None:
        self._bucket_name, self._prefix = bucket, prefix
        self._bucket = Bucket(bucket)
        identity = hashlib.sha256(f"{bucket}/{prefix}".encode()).hexdigest()[:16]
        self._directory = directory or Path(tempfile.gettempdir()) / "tensorflow-lambda" / identity
        self._limit = limit
        self._tier: DiskTier | None = None
        self._pointers: dict[str, tuple[str, Pointer]] = {}
        self._lock = threading.Lock()

    def names(self) -> frozenset[str]:
        """The names under the prefix that a model can have."""
        from handlers.serving.stores.s3_listing import directories  # late: rarely needed

        return frozenset(name for name in directories(self._page, self._key("")) if MODEL_NAME.fullmatch(name))

    def pointer(self, model: str) -> Pointer:
        """See `Store.pointer`. The content is sent only if it changed."""
        with self._lock:
            known = self._pointers.get(model)
        headers = {} if known is None else {"If-None-Match": known[0]}
        seconds = DOCUMENT_SECONDS if known is None else RENEWAL_SECONDS
        key = self._key(model, POINTER_FILE)
        with self._asking(self._bucket.get(key, headers, seconds=seconds)) as response:
            body = _body(response, LARGEST_POINTER_BYTES)
            if response.status == 304 and known is not None:
                return known[1]
            if response.status == 404:
                from handlers.serving.stores.s3_listing import files  # late: packaged models need neither
                from handlers.serving.stores.unpackaged import newest_version

                return newest_version(model, (path for path, _ in files(self._page, self._key(model, ""))))
            self._refuse(response.status, key)
            pointer = parse_pointer(body)
            with self._lock:
                self._pointers[model] = (response.headers.get("ETag", ""), pointer)
            return pointer

    def manifest(self, model: str, version: int) -> Manifest:
        """The version's manifest, or one made for a SavedModel in TensorFlow Serving's layout."""
        content = self._read(self._key(model, str(version), MANIFEST_FILE), LARGEST_MANIFEST_BYTES)
        if content is not None:
            return parse_manifest_of(model, version, content)
        from handlers.serving.stores.s3_listing import files  # late: packaged models need neither
        from handlers.serving.stores.unpackaged import LARGEST_GRAPH_BYTES, unpackaged_manifest

        saved_model = self._read(self._key(model, str(version), SAVED_MODEL_FILE), LARGEST_GRAPH_BYTES)
        if saved_model is None:
            raise NotInStore(f"{model}/{version} holds neither {MANIFEST_FILE} nor {SAVED_MODEL_FILE}")
        return unpackaged_manifest(model, version, saved_model, files(self._page, self._key(model, str(version), "")))

    def fetch(self, model: str, version: int, files: Sequence[FileEntry]) -> Path:
        """A directory on the function's disk that holds the files. Each was compared with its checksum."""
        return self._disk().fetch(
            f"{model}/{version}",
            files,
            lambda entry, descriptor: self._download(self._key(model, str(version), entry.path), entry, descriptor),
        )

    def keep(self, model: str, version: int) -> AbstractContextManager[None]:
        """Inside the block, no other fetch evicts the version from the disk."""
        return self._disk().in_use(f"{model}/{version}")

    def close(self) -> None:
        """Close the connections. A later read opens a new one."""
        self._bucket.close()

    def _disk(self) -> DiskTier:
        with self._lock:
            if self._tier is None:
                self._tier = DiskTier(self._directory, self._limit)
            return self._tier

    def _download(self, key: str, entry: FileEntry, descriptor: int) -> None:
        parts = [(start, min(start + PART_BYTES, entry.size)) for start in range(0, entry.size, PART_BYTES)]
        copy = _Copy(key, entry.size, descriptor)
        if len(parts) <= 1:
            self._copy(copy, 0, entry.size)
            _check(key, entry, descriptor, [(0, entry.size)])
            return
        with ThreadPoolExecutor(min(STREAMS, len(parts)), "fetch") as pool:
            copies = [pool.submit(self._copy, copy, *part) for part in parts]
            try:
                _check(key, entry, descriptor, _as_they_come(parts, copies))
            except BaseException:
                copy.stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _copy(self, copy: "_Copy", start: int, end: int) -> None:
        """Write the object's bytes from `start` to `end` to the same place of the descriptor."""
        at = start
        for tries in range(1, TRIES + 1):
            try:
                for reached in self._stream(copy, at, end):
                    at = reached
                    if copy.stop.is_set():
                        return
            except _Interrupted:
                if tries == TRIES or copy.stop.wait(delay(tries)):
                    raise
            else:
                return

    def _stream(self, copy: "_Copy", at: int, end: int) -> Iterator[int]:
        """Copy, and yield the position after each piece. Raises _Interrupted if a copy from that position may help."""
        key, size, is_whole = copy.key, copy.size, at == 0 and end == copy.size
        headers = {} if is_whole else {"Range": f"bytes={at}-{end - 1}"}
        buffer = memoryview(bytearray(min(_BUFFER_BYTES, max(end - at, 1))))
        with self._asking(self._bucket.get(key, headers, seconds=PART_SECONDS, stop=copy.stop)) as response:
            if response.status == 404:
                raise StoreError(f"{self._uri(key)} is not there, though the manifest lists it")
            self._refuse(response.status, key)
            if response.status != (200 if is_whole else 206) or response.length != end - at:
                raise StoreError(
                    f"{self._uri(key)} does not have the {size} bytes that the manifest says; publish it again"
                )
            copy.tags.add(response.headers.get("ETag", ""))
            if len(copy.tags) > 1:
                raise StoreError(f"{self._uri(key)} was replaced while it was fetched; versions must never change")
            while count := response.readinto(buffer):
                _write(copy.descriptor, buffer[:count], at)
                at += count
                yield at
        if at < end:
            raise _Interrupted(f"{self._uri(key)} ended after {at} of {size} bytes")

    def _read(self, key: str, limit: int) -> bytes | None:
        """The content, or of a larger object one byte more than the limit. None if there is no such object."""
        with self._asking(self._bucket.get(key, seconds=DOCUMENT_SECONDS)) as response:
            body = _body(response, limit)
            if response.status == 404:
                return None
            self._refuse(response.status, key)
            return body

    def _refuse(self, status: int, key: str) -> None:
        if status == 403:
            raise StoreError(
                f"S3 refuses {self._uri(key)} (403). The function's role needs s3:GetObject on it. Without "
                "s3:ListBucket on the bucket, S3 also refuses what does not exist."
            )
        if status not in (200, 206):
            raise StoreError(
                f"S3 answers {self._uri(key)} with status {status}. Is the bucket in this region, and are the "
                "credentials still valid?"
            )

    @contextmanager
    def _asking(self, request: AbstractContextManager[HTTPResponse]) -> Generator[HTTPResponse]:
        try:
            with request as response:
                yield response
        except RequestFailed as error:
            message = f"s3://{self._bucket_name} cannot be read: {error}"
            raise _Busy(message, error.retry_after_seconds) from error
        except (HTTPException, OSError) as error:
            raise _Interrupted(f"s3://{self._bucket_name} cannot be read: {error}") from error

    def _page(self, query: Mapping[str, str]) -> str:
        """One page of a listing."""
        with self._asking(self._bucket.get("", query=query, seconds=DOCUMENT_SECONDS)) as response:
            page = response.read().decode()
            self._refuse(response.status, "")
            return page

    def _key(self, *parts: str) -> str:
        return "/".join((self._prefix, *parts) if self._prefix else parts)

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket_name}/{key}"


class _Copy:
    """One object on its way to the disk, in one or several parts."""

    def __init__(self, key: str, size: int, descriptor: int) -> None:
        self.key, self.size, self.descriptor = key, size, descriptor
        self.tags: set[str] = set()
        """The entity tags of all parts. More than one means that the object was replaced meanwhile."""
        self.stop = threading.Event()
        """Set when one part failed."""


def _body(response: HTTPResponse, limit: int) -> bytes:
    """The body, or of a larger one a byte more than the limit."""
    is_larger = response.length is None or response.length > limit
    return response.read(limit + 1) if is_larger else response.read()


def _write(descriptor: int, data: memoryview, at: int) -> None:
    try:
        os.pwrite(descriptor, data, at)
    except OSError as error:
        raise StoreError(f"The function's disk cannot be written: {error.strerror}") from error


def _as_they_come(parts: Sequence[tuple[int, int]], copies: Sequence[Future[None]]) -> Iterator[tuple[int, int]]:
    """The parts in their order, each as soon as it and all parts before it are copied."""
    for part, copy in zip(parts, copies, strict=True):
        copy.result()
        yield part


def _check(key: str, entry: FileEntry, descriptor: int, parts: Iterable[tuple[int, int]]) -> None:
    """Compare the checksum of a file while its last parts are still being written. Raises StoreError if it differs."""
    comparison = Comparison(entry)
    for start, end in parts:
        for at in range(start, end, _BUFFER_BYTES) if comparison.is_needed else ():
            comparison.update(os.pread(descriptor, min(_BUFFER_BYTES, end - at), at))
    if difference := comparison.difference():
        raise StoreError(
            f"{key} {difference}. The object was changed or damaged: publish the version again under a new number."
        )
