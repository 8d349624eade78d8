"""BucketDirectory: a directory that shows a bucket's objects as files, as Amazon S3 Files does."""

import threading
from pathlib import Path
from typing import Any

from handlers.manifest import POINTER_FILE


class BucketDirectory:
    """The objects below a prefix, as files. A file appears complete, and a pointer after its version."""

    def __init__(self, client: Any, bucket: str, prefix: str, root: Path) -> None:
        """`client` is a boto3 client of S3. `root` is an empty directory."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._root = root
        self._incoming = root.with_name(f"{root.name}.incoming")
        self._shown: dict[str, str] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Make the files equal to the objects. Safe in any thread; one thread works at a time."""
        with self._lock:
            listed = self._listed()
            for key in sorted(listed, key=lambda key: (key.endswith(f"/{POINTER_FILE}"), key)):
                if self._shown.get(key) != listed[key]:
                    self._show(key)
            for key in self._shown.keys() - listed.keys():
                self._path(key).unlink()
                del self._shown[key]

    def _listed(self) -> dict[str, str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        return {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", [])}

    def _show(self, key: str) -> None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return  # deleted since it was listed; the event of that deletion refreshes again
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._incoming.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(1 << 20):
                file.write(chunk)
        self._incoming.replace(path)
        self._shown[key] = answer["ETag"]

    def _path(self, key: str) -> Path:
        return self._root / key.removeprefix(self._prefix).lstrip("/")
