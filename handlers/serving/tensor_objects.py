"""Tensors in S3: inputs that a request names instead of holding them, and outputs that are written instead of returned.

Only below the places that the configuration lists. Nothing is ever overwritten: a caller could destroy what is
another's. boto3 is imported by the first such request.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

from handlers.serving.aws_clients import client
from handlers.serving.errors import InvalidRequest, ModelUnavailable, RequestTooLarge, show

SCHEME = "s3://"


class TensorObject(NamedTuple):
    """An object that holds, or will hold, one tensor."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"


def tensor_object(uri: Any, places: Sequence[str], what: str) -> TensorObject:
    """The object that a request names. Raises InvalidRequest if it is at none of the places.

    Args:
        uri: what the request says.
        places: `bucket` or `bucket/prefix`, those that the configuration lists.
        what: the tensor in words, for an error.
    """
    if not places:
        raise InvalidRequest(f"{what} is in S3, but this server reads and writes no tensors there: it lists no places")
    bucket, _, key = (
        uri.removeprefix(SCHEME).partition("/") if type(uri) is str and uri.startswith(SCHEME) else ("",) * 3
    )
    below = any(f"{bucket}/{key}".startswith(f"{place}/") for place in places)
    if not bucket or not key or key.endswith("/") or not below:
        allowed = " and ".join(f"{SCHEME}{place}/" for place in places)
        raise InvalidRequest(f"{what} is said to be at {show(uri)}; allowed are objects below {allowed}")
    return TensorObject(bucket, key)


def read(place: TensorObject, size: int | None, room: int) -> memoryview:
    """An object's bytes, fetched over several connections.

    Args:
        place: where it is.
        size: how many bytes it must have; None if the tensor does not say.
        room: how many bytes of memory it may take.

    Raises InvalidRequest, RequestTooLarge, or ModelUnavailable if S3 cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = int(client("s3").head_object(Bucket=place.bucket, Key=place.key)["ContentLength"])
        if size is not None and found != size:
            raise InvalidRequest(f"{place} has {found} bytes, and the tensor needs {size}")
        if found > room:
            raise RequestTooLarge(room)
        content = BytesIO()
        client("s3").download_fileobj(place.bucket, place.key, content)
        return content.getbuffer()
    except ClientError as error:
        raise _refusal(place, error, "read", "s3:GetObject") from error
    except BotoCoreError as error:
        raise ModelUnavailable(f"{place} cannot be read now: {error}") from error


def write(place: TensorObject, content: bytes | memoryview) -> None:
    """Write a new object. Raises InvalidRequest if there is one, or ModelUnavailable if S3 cannot be reached."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client("s3").put_object(Bucket=place.bucket, Key=place.key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        raise _refusal(place, error, "written", "s3:PutObject") from error
    except BotoCoreError as error:
        raise ModelUnavailable(f"{place} cannot be written now: {error}") from error


def _refusal(place: TensorObject, error: Any, done: str, action: str) -> InvalidRequest | ModelUnavailable:
    status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    if status in (404, 403):  # without s3:ListBucket, S3 answers 403 where nothing is, too
        return InvalidRequest(f"{place} cannot be {done} ({status}): it is not there, or {action} is not granted on it")
    if status in (409, 412):
        return InvalidRequest(f"{place} is there already, and objects are never overwritten: name another key")
    if status in (301, 400):
        return InvalidRequest(f"{place} cannot be {done} ({status}): the bucket must be in the server's region")
    return ModelUnavailable(f"{place} cannot be {done} now ({status})")
