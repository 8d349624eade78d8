"""S3Store: a model repository in a bucket. The load of a model fetches its files to the function's disk."""

import hashlib
import html
import os
import re
import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from handlers.manifest import MANIFEST_FILE, POINTER_FILE, FileEntry, Manifest, Pointer, parse_manifest, parse_pointer
from handlers.serving.stores import SAVED_MODEL_FILE, NotInStore, StoreError
from handlers.serving.stores.disk_tier import DiskTier
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

_BUFFER_BYTES = 256 * 1024


class _Interrupted(StoreError):
    """The connection failed, not the object."""


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

    def pointer(self, model: str) -> Pointer:
        """The pointer; its content is sent only if it changed. Without one, the largest version answers."""
        with self._lock:
            known = self._pointers.get(model)
        headers = {} if known is None else {"If-None-Match": known[0]}
        seconds = DOCUMENT_SECONDS if known is None else RENEWAL_SECONDS
        with self._asking(self._bucket.get(self._key(model, POINTER_FILE), headers, seconds=seconds)) as response:
            body = response.read()
            if response.status == 304 and known is not None:
                return known[1]
            if response.status == 404:
                from handlers.serving.stores.unpackaged import newest_version  # late: packaged models never need it

                return newest_version(model, self._versions(model))
            self._refuse(response.status, self._key(model, POINTER_FILE))
            pointer = parse_pointer(body)
            with self._lock:
                self._pointers[model] = (response.headers.get("ETag", ""), pointer)
            return pointer

    def manifest(self, model: str, version: int) -> Manifest:
        """The version's manifest, or one made for a SavedModel in TensorFlow Serving's layout."""
        content = self._read(self._key(model, str(version), MANIFEST_FILE))
        if content is not None:
            return parse_manifest(content)
        saved_model = self._read(self._key(model, str(version), SAVED_MODEL_FILE))
        if saved_model is None:
            raise NotInStore(f"{model}/{version} holds neither {MANIFEST_FILE} nor {SAVED_MODEL_FILE}")
        from handlers.serving.stores.unpackaged import unpackaged_manifest

        return unpackaged_manifest(model, version, saved_model, self._files(model, version))

    def fetch(self, model: str, version: int, files: Sequence[FileEntry]) -> Path:
        """A directory on the function's disk that holds the files. Each was compared with its SHA-256."""
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
        seen: set[str] = set()
        if len(parts) <= 1:
            self._copy(key, 0, entry.size, entry.size, descriptor, seen)
            _check(key, entry, descriptor, [(0, entry.size)])
            return
        stop = threading.Event()
        with ThreadPoolExecutor(min(STREAMS, len(parts)), "fetch") as pool:
            copies = [pool.submit(self._copy, key, *part, entry.size, descriptor, seen, stop) for part in parts]
            try:
                _check(key, entry, descriptor, _as_they_come(parts, copies))
            except BaseException:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _copy(
        self,
        key: str,
        start: int,
        end: int,
        size: int,
        descriptor: int,
        seen: set[str],
        stop: threading.Event | None = None,
    ) -> None:
        """Write the object's bytes from `start` to `end` to the same place of the descriptor.

        `seen` collects the entity tags of all parts. More than one means that the object was replaced meanwhile.
        """
        at = start
        for attempt in range(TRIES):
            try:
                for reached in self._stream(key, at, end, size, descriptor, seen):
                    at = reached
                    if stop is not None and stop.is_set():
                        return
            except _Interrupted:
                if attempt == TRIES - 1:
                    raise
            else:
                return

    def _stream(self, key: str, at: int, end: int, size: int, descriptor: int, seen: set[str]) -> Iterator[int]:
        """Copy, and yield the position after each piece. Raises _Interrupted if a copy from that position may help."""
        is_whole = at == 0 and end == size
        headers = {} if is_whole else {"Range": f"bytes={at}-{end - 1}"}
        buffer = memoryview(bytearray(min(_BUFFER_BYTES, max(end - at, 1))))
        with self._asking(self._bucket.get(key, headers)) as response:
            if response.status == 404:
                raise StoreError(f"{self._uri(key)} is not there, though the manifest lists it")
            self._refuse(response.status, key)
            if response.status != (200 if is_whole else 206) or response.length != end - at:
                raise StoreError(
                    f"{self._uri(key)} does not have the {size} bytes that the manifest says; publish it again"
                )
            seen.add(response.headers.get("ETag", ""))
            if len(seen) > 1:
                raise StoreError(f"{self._uri(key)} was replaced while it was fetched; versions must never change")
            while count := response.readinto(buffer):
                _write(descriptor, buffer[:count], at)
                at += count
                yield at
        if at < end:
            raise _Interrupted(f"{self._uri(key)} ended after {at} of {size} bytes")

    def _read(self, key: str) -> bytes | None:
        with self._asking(self._bucket.get(key, seconds=DOCUMENT_SECONDS)) as response:
            body = response.read()
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
        except (RequestFailed, HTTPException, OSError) as error:
            raise _Interrupted(f"s3://{self._bucket_name} cannot be read: {error}") from error

    def _versions(self, model: str) -> list[str]:
        """The names of the directories of a model."""
        prefix = self._key(model, "")
        return [
            html.unescape(found)[len(prefix) : -1]
            for page in self._pages({"prefix": prefix, "delimiter": "/"})
            for found in re.findall(r"<CommonPrefixes>\s*<Prefix>([^<]*)</Prefix>", page)
        ]

    def _files(self, model: str, version: int) -> list[FileEntry]:
        prefix = self._key(model, str(version), "")
        found = [
            (html.unescape(_tag("Key", content))[len(prefix) :], int(_tag("Size", content)))
            for page in self._pages({"prefix": prefix})
            for content in re.findall(r"<Contents>(.*?)</Contents>", page, re.DOTALL)
        ]
        return [FileEntry(path=path, size=size, sha256="") for path, size in found if path and not path.endswith("/")]

    def _pages(self, query: dict[str, str]) -> Iterator[str]:
        more = {"list-type": "2", **query}
        while True:
            with self._asking(self._bucket.get("", query=more, seconds=DOCUMENT_SECONDS)) as response:
                page = response.read().decode()
                self._refuse(response.status, "")
            yield page
            if _tag("IsTruncated", page) != "true":
                return
            more["continuation-token"] = html.unescape(_tag("NextContinuationToken", page))

    def _key(self, *parts: str) -> str:
        return "/".join((self._prefix, *parts) if self._prefix else parts)

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket_name}/{key}"


def _write(descriptor: int, data: memoryview, at: int) -> None:
    try:
        os.pwrite(descriptor, data, at)
    except OSError as error:
        raise StoreError(f"The function's disk cannot be written: {error.strerror}") from error


def _tag(name: str, text: str) -> str:
    match = re.search(f"<{name}>([^<]*)</{name}>", text)
    return match[1] if match else ""


def _as_they_come(parts: Sequence[tuple[int, int]], copies: Sequence[Future[None]]) -> Iterator[tuple[int, int]]:
    """The parts in their order, each as soon as it and all parts before it are copied."""
    for part, copy in zip(parts, copies, strict=True):
        copy.result()
        yield part


def _check(key: str, entry: FileEntry, descriptor: int, parts: Iterable[tuple[int, int]]) -> None:
    """Compare the checksum of a file while its last parts are still being written. Raises StoreError if it differs."""
    digest = hashlib.sha256()
    for start, end in parts:
        if entry.sha256:
            for at in range(start, end, _BUFFER_BYTES):
                digest.update(os.pread(descriptor, min(_BUFFER_BYTES, end - at), at))
    if entry.sha256 and digest.hexdigest() != entry.sha256:
        raise StoreError(
            f"{key} has the SHA-256 {digest.hexdigest()}; the manifest says {entry.sha256}. "
            "The object was changed or damaged: publish the version again under a new number."
        )
