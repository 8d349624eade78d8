"""Kept: the objects in S3 of requests that are answered later.

    <place>/<model>/requests/<id>   a line of JSON with method, path and headers, then the body
    <place>/<model>/answers/<id>    the body; status and headers are the object's metadata

An answer is written once. Only one that says that the server failed is replaced by a later try.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from handlers.contract import COLD_START_HEADER
from handlers.serving.aws_clients import client
from handlers.serving.errors import ModelUnavailable, NotServed, RequestTooLarge
from handlers.serving.events import Request, Response

SCHEME = "s3://"

KEPT_HEADERS = frozenset(
    {
        *("accept", "content-encoding", "content-type", "inference-header-content-length", "traceparent"),
        *("x-amzn-sagemaker-custom-attributes", "x-caller-id", "x-request-id"),
    }
)
"""The headers that an answer may depend on, or that name the request. No others are kept: they may hold credentials."""

_ABSENT, _THERE = (403, 404), (409, 412)
"""S3's answers about an object that is not there, and to a write of one that must not be. 403 says no more than that to
whoever may not list the bucket."""


class Named(NamedTuple):
    """A request that is answered later."""

    model: str
    id: str


class Place:
    """A prefix of a bucket. Raises ModelUnavailable where S3 cannot be asked."""

    def __init__(self, uri: str) -> None:
        self._bucket, _, self._prefix = uri.removeprefix(SCHEME).partition("/")

    def keep_request(self, named: Named, request: Request) -> None:
        """Write a request."""
        self._call("put_object", self._key(named, "requests"), absent=(), Body=as_bytes(request))

    def request(self, named: Named, room: int) -> Request:
        """A request. Raises NotServed if it is not there, or RequestTooLarge if it takes more than `room` bytes."""
        found = self._call("get_object", self._key(named, "requests"), absent=(404,))
        if found is None:
            raise NotServed(f"The request {named.id} is not there: it was deleted, or is older than answers are kept")
        if found["ContentLength"] > room:
            raise RequestTooLarge(room)
        head, _, body = found["Body"].read().partition(b"\n")
        asked: Mapping[str, Any] = json.loads(head)
        return Request(asked["method"], asked["path"], asked["headers"], body, room)

    def accepted_at(self, named: Named) -> str | None:
        """When a request was accepted; None if there is none."""
        found = self._call("head_object", self._key(named, "requests"))
        return found and found["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")

    def keep_answer(self, named: Named, response: Response) -> None:
        """Write an answer, unless there is one that stays."""
        key, written = self._key(named, "answers"), _written(response)
        if self._call("put_object", key, absent=_THERE, **written, IfNoneMatch="*") is None:
            there = self._call("head_object", key, absent=())
            if int(there["Metadata"]["status"]) >= 500:
                self._call("put_object", key, absent=_THERE, **written, IfMatch=there["ETag"])

    def answer(self, named: Named) -> Response | None:
        """The answer; None as long as there is none."""
        found = self._call("get_object", self._key(named, "answers"))
        if found is None:
            return None
        metadata = found["Metadata"]
        return Response(int(metadata["status"]), found["Body"].read(), json.loads(metadata["headers"]))

    def _key(self, named: Named, kind: str) -> str:
        return f"{self._prefix}/{named.model}/{kind}/{named.id}"

    def _call(self, operation: str, key: str, absent: Sequence[int] = _ABSENT, **arguments: Any) -> Any:
        """What S3 answers; None if that is one of the statuses `absent`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(client("s3"), operation)(Bucket=self._bucket, Key=key, **arguments)
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if status in absent:
                return None
            code = error.response.get("Error", {}).get("Code", "no more")
            raise ModelUnavailable(f"What is answered later cannot be kept or found now: S3 says {code}") from error
        except BotoCoreError as error:
            raise ModelUnavailable("What is answered later cannot be kept or found now: S3 gives no answer") from error


def as_bytes(request: Request) -> bytes:
    """A request as its object holds it."""
    kept = {name: value for name, value in request.headers.items() if name in KEPT_HEADERS}
    return json.dumps({"method": request.method, "path": request.path, "headers": kept}).encode() + b"\n" + request.body


def _written(response: Response) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name != COLD_START_HEADER}
    return {
        "Body": response.body,
        "ContentType": response.headers.get("content-type", "application/octet-stream"),
        "Metadata": {"status": str(response.status), "headers": json.dumps(headers)},
    }
