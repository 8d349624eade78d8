"""`s3://BUCKET/KEY`: an archive as SageMaker writes it, a model file, or the directory of a SavedModel."""

import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from handlers.manifest_reading import is_plain_path
from models.origins.archive import LARGEST_BYTES, extract, is_archive
from models.origins.errors import OriginError, explained
from models.progress import Say, in_units
from models.publishing.aws import client

ABSENT = ("404", "NoSuchKey", "NotFound")


def fetch(address: str, directory: Path, say: Say) -> None:
    """Bring an object, or all objects below a key, into a directory. An archive is extracted. Raises OriginError."""
    parts = urlsplit(address)
    bucket, key = parts.netloc, parts.path.lstrip("/")
    if not bucket or not key:
        raise OriginError(f"{address} names no object; write s3://BUCKET/KEY")
    with explained(address):
        s3 = client("s3", os.environ)
        size = None if key.endswith("/") else _size(s3, bucket, key)
        if size is None:
            _fetch_below(s3, bucket, f"{key.rstrip('/')}/", directory, say)
            return
        _refuse_too_large(address, size)
        say(f"downloading {in_units(size)}")
        if not is_archive(key):
            s3.download_file(bucket, key, str(directory / key.rpartition("/")[2]))
            return
        with tempfile.NamedTemporaryFile(prefix="archive-") as archive:
            s3.download_fileobj(bucket, key, archive)
            archive.flush()
            extract(Path(archive.name), directory, address)


def _size(s3: Any, bucket: str, key: str) -> int | None:
    """Bytes of an object; None if there is none."""
    from botocore.exceptions import ClientError

    try:
        return int(s3.head_object(Bucket=bucket, Key=key)["ContentLength"])
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ABSENT:
            return None
        raise


def _fetch_below(s3: Any, bucket: str, prefix: str, directory: Path, say: Say) -> None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = {each["Key"]: int(each["Size"]) for page in pages for each in page.get("Contents", [])}
    address, files = f"s3://{bucket}/{prefix}", [key for key in found if not key.endswith("/")]
    if not files:
        raise OriginError(f"{address} holds nothing; is the key right?")
    _refuse_too_large(address, sum(found.values()))
    for number, key in enumerate(files, start=1):
        path = key.removeprefix(prefix)
        if not is_plain_path(path):
            raise OriginError(f"{address} holds {key!r}, which is no plain path")
        say(f"downloading {number} of {len(files)} files")
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, key, str(directory / path))


def _refuse_too_large(address: str, size: int) -> None:
    if size > LARGEST_BYTES:
        raise OriginError(f"{address} has {size} bytes; at most {LARGEST_BYTES} are allowed")
