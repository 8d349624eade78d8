"""The upload of one file to S3, which verifies every byte by SHA-256, and writes nothing over.

A file of up to one part is one request with the SHA-256 of its manifest. A larger one is sent in parts, each with its
own, and S3 keeps the SHA-256 of those together.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

import base64
import hashlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from handlers.manifest import FileEntry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 16 << 20
"""The size of a part. S3 takes 10,000 parts, so that a file may have 156 GiB."""


def checksum_in_s3(source: Path, entry: FileEntry) -> str:
    """What S3 says as the SHA-256 of a file that `send` uploaded."""
    if entry.size <= PART_BYTES:
        return _base64(bytes.fromhex(entry.sha256))
    digests = [hashlib.sha256(part).digest() for part in _parts(source)]
    return f"{_base64(hashlib.sha256(b''.join(digests)).digest())}-{len(digests)}"


def send(client: "S3Client", bucket: str, key: str, source: Path, entry: FileEntry) -> None:
    """Upload a file under a key that has no object. Raises botocore's errors; PreconditionFailed if it has one."""
    kind = mimetypes.guess_type(entry.path)[0] or "application/octet-stream"
    if entry.size > PART_BYTES:
        _send_parts(client, bucket, key, source, kind)
        return
    client.put_object(
        Bucket=bucket,
        Key=key,
        Body=source.read_bytes(),
        ContentType=kind,
        ChecksumSHA256=_base64(bytes.fromhex(entry.sha256)),
        IfNoneMatch="*",
    )


def _send_parts(client: "S3Client", bucket: str, key: str, source: Path, kind: str) -> None:
    begun = client.create_multipart_upload(Bucket=bucket, Key=key, ContentType=kind, ChecksumAlgorithm="SHA256")
    upload = begun["UploadId"]
    try:
        parts: list[CompletedPartTypeDef] = []
        for number, part in enumerate(_parts(source), start=1):
            checksum = _base64(hashlib.sha256(part).digest())
            sent = client.upload_part(
                Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=part, ChecksumSHA256=checksum
            )
            parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": checksum})
        client.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
        )
    except BaseException:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        raise


def _parts(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while part := file.read(PART_BYTES):
            yield part


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
