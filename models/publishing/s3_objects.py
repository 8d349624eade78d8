"""S3Objects: a model repository that is published under a prefix of a bucket."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from handlers.manifest import FileEntry
from models.publishing.errors import PublishingError
from models.publishing.objects import Document, Listed
from models.publishing.s3_upload import checksum_in_s3, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import DeleteTypeDef, ObjectIdentifierTypeDef

TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
"""How S3 says that another writer was there first.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""

ABSENT = ("NoSuchKey", "404")

MOST_DELETED = 1000
"""How many objects one request deletes at most."""


class _Condition(TypedDict, total=False):
    IfMatch: str
    IfNoneMatch: str


class S3Objects:
    """See `Objects`. S3 itself decides which of several writers was first, by `If-Match` and `If-None-Match`."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client, self._bucket = client, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @property
    def address(self) -> str:
        """See `Objects`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def names(self) -> Sequence[str]:
        """See `Objects`."""
        with self._explained("list"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            found = [each.get("Prefix", "") for page in pages for each in page.get("CommonPrefixes", [])]
        return sorted(name.removeprefix(self._prefix).rstrip("/") for name in found)

    def under(self, path: str) -> Sequence[Listed]:
        """See `Objects`."""
        with self._explained(f"list {path}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}{path}"
            )
            return [
                Listed(
                    each.get("Key", "").removeprefix(self._prefix),
                    each.get("Size", 0),
                    each["LastModified"].timestamp() if "LastModified" in each else 0.0,
                )
                for page in pages
                for each in page.get("Contents", [])
            ]

    def read(self, path: str) -> Document | None:
        """See `Objects`."""
        with self._explained(f"read {path}", passing=ABSENT):
            answer = self._client.get_object(Bucket=self._bucket, Key=f"{self._prefix}{path}")
            return Document(answer["Body"].read(), answer["ETag"])
        return None

    def create(self, path: str, content: bytes) -> bool:
        """See `Objects`."""
        with self._explained(f"write {path}", passing=TAKEN):
            self._put(path, content, IfNoneMatch="*")
            return True
        return False

    def replace(self, path: str, content: bytes, tag: str) -> bool:
        """See `Objects`."""
        with self._explained(f"write {path}", passing=(*TAKEN, *ABSENT)):
            self._put(path, content, IfMatch=tag)
            return True
        return False

    def upload(self, path: str, source: Path, entry: FileEntry) -> bool:
        """See `Objects`."""
        if self._holds(path, source, entry):
            return False
        with self._explained(f"upload {source} as {path}", passing=TAKEN):
            send(self._client, self._bucket, f"{self._prefix}{path}", source, entry)
            return True
        return not self._holds(path, source, entry)

    def delete(self, paths: Iterable[str]) -> None:
        """See `Objects`. In a bucket with versioning, as a stack's is, they can be brought back."""
        keys: list[ObjectIdentifierTypeDef] = [{"Key": f"{self._prefix}{path}"} for path in paths]
        for start in range(0, len(keys), MOST_DELETED):
            with self._explained("delete"):
                some: DeleteTypeDef = {"Objects": keys[start : start + MOST_DELETED]}
                done = self._client.delete_objects(Bucket=self._bucket, Delete=some)
            for error in done.get("Errors", []):
                raise PublishingError(f"{self.address}: {error.get('Key')} cannot be deleted: {error.get('Message')}")

    def _holds(self, path: str, source: Path, entry: FileEntry) -> bool:
        """Whether the file is there. Raises PublishingError if another one is."""
        with self._explained(f"read {path}", passing=ABSENT):
            found = self._client.head_object(Bucket=self._bucket, Key=f"{self._prefix}{path}", ChecksumMode="ENABLED")
            if (found["ContentLength"], found.get("ChecksumSHA256")) == (entry.size, checksum_in_s3(source, entry)):
                return True
            raise PublishingError(
                f"{self.address}/{path} is there and holds something else; publish under another version"
            )
        return False

    def _put(self, path: str, content: bytes, **condition: Unpack[_Condition]) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=f"{self._prefix}{path}",
            Body=content,
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            **condition,
        )

    @contextmanager
    def _explained(self, what: str, passing: Sequence[str] = ()) -> Generator[None]:
        """Raise what botocore raises as a PublishingError, but for these codes, which end the block."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            if (code := error.response.get("Error", {}).get("Code", "")) not in passing:
                raise PublishingError(f"{self.address}: S3 refused to {what}: {code}: {error}") from error
        except BotoCoreError as error:
            raise PublishingError(f"{self.address}: could not {what}: {error}") from error
