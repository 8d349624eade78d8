"""Reads S3 with the standard library alone: an SDK takes longer to import than a small model takes to load.

Signature version 4: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

import hashlib
import hmac
import http.client
import os
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from handlers.serving.request_time import deadline
from handlers.serving.stores.pace import Pace, TooSoon, delay

TIMEOUT_SECONDS = 10.0
"""How long to wait for data on a connection."""

TRIES = 6
"""How often a request is sent at most."""

BUSY = (429, 503)
"""The statuses by which S3 asks for fewer requests.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"""

_EMPTY_BODY = hashlib.sha256(b"").hexdigest()
_BROKEN = (http.client.HTTPException, OSError)


class Credentials(NamedTuple):
    """The keys that sign requests."""

    access_key: str
    secret_key: str
    token: str | None = None


class RequestFailed(Exception):
    """S3 could not be reached, or answered 429 or 5xx, at every try that there was time for."""

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


def sign(
    method: str, host: str, path: str, query: str, region: str, credentials: Credentials, moment: time.struct_time
) -> dict[str, str]:
    """The headers that sign a request without a body.

    Args:
        method: `GET`.
        host: as in the `Host` header.
        path: percent-encoded.
        query: percent-encoded, with the parameters sorted by name.
        region: the region of the bucket.
        credentials: the keys to sign with.
        moment: now, in UTC.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", moment)
    headers = {"host": host, "x-amz-content-sha256": _EMPTY_BODY, "x-amz-date": stamp}
    if credentials.token is not None:
        headers["x-amz-security-token"] = credentials.token
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{_EMPTY_BODY}"
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def find_credentials(environment: Mapping[str, str]) -> Callable[[], Credentials]:
    """A function that returns valid credentials: from the environment, as on Lambda, else from botocore.

    botocore finds and renews the credentials of profiles, roles and restored snapshots. Raises RequestFailed if there
    are none; the returned function raises it if they cannot be renewed.
    """
    if "AWS_ACCESS_KEY_ID" in environment and "AWS_SECRET_ACCESS_KEY" in environment:
        fixed = Credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN") or None,
        )
        return lambda: fixed
    from botocore.exceptions import BotoCoreError  # late: Lambda needs it only after a snapshot
    from botocore.session import Session

    def found() -> Any:
        try:
            return Session().get_credentials()
        except BotoCoreError as error:
            raise RequestFailed(f"No AWS credentials: {error}") from error

    source = found()
    if source is None:
        raise RequestFailed("No AWS credentials: there are none in the environment, a profile or a role")

    def renewed() -> Credentials:
        try:
            frozen = source.get_frozen_credentials()
        except BotoCoreError as error:
            raise RequestFailed(f"The AWS credentials cannot be renewed: {error}") from error
        return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)

    return renewed


class Bucket:
    """Signed GET requests to one bucket. Connections are used again. Safe to use from several threads."""

    def __init__(self, name: str, environment: Mapping[str, str] = os.environ) -> None:
        self._region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
        given = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        # AWS's certificate for *.s3.<region> does not cover a name with dots. Other servers understand only paths.
        by_path = given is not None or "." in name
        host = f"s3.{self._region}.{suffix}"
        endpoint = urlsplit(given or (f"https://{host}" if by_path else f"https://{name}.{host}"))
        self._is_secure, self._host = endpoint.scheme == "https", endpoint.netloc
        self._root = f"{endpoint.path.rstrip('/')}/{name}" if by_path else ""
        self._ca_bundle = environment.get("AWS_CA_BUNDLE")
        self._environment = environment
        self._credentials: Callable[[], Credentials] | None = None
        self._pace = Pace()
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    @contextmanager
    def get(
        self,
        key: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        seconds: float,
        stop: threading.Event | None = None,
    ) -> Generator[http.client.HTTPResponse]:
        """The response to a GET. Its body is unread; if the block reads all of it, the connection is used again.

        Args:
            key: of the object; empty for the bucket.
            headers: headers that are not signed.
            query: parameters.
            seconds: how long to wait for the response, all tries together. It ends with the time of the request, too.
            stop: ends the tries when it is set.

        Raises RequestFailed if S3 is not reached, or answers 429 or 5xx, at every try or until the time is over.
        """
        asked = _Asked(key, headers or {}, query or {}, deadline(seconds), stop or threading.Event())
        connection, response = self._ask(asked)
        try:
            yield response
        finally:
            # The unread rest of a body would be taken for the next response.
            if response.isclosed() and not response.will_close:
                with self._lock:
                    self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close the idle connections. The next request opens a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ask(self, asked: "_Asked") -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        reason = "no time was left"
        for tries in range(TRIES):
            if tries and not asked.pause(delay(tries)):
                break
            try:
                sent = self._pace.take(asked.until, asked.stop)
            except TooSoon as error:
                reason = f"{reason}; {error}" if tries else str(error)
                break
            # Half of the remaining time: if the connection is dead, the other half is left for a new one.
            patience = min(TIMEOUT_SECONDS, (asked.until - time.monotonic()) / 2)
            if patience <= 0:
                break
            connection = self._connection()
            connection.timeout = patience
            if connection.sock is not None:
                connection.sock.settimeout(patience)
            try:
                response = self._send(connection, asked)
            except _BROKEN as error:
                connection.close()
                # S3 closes connections while a function is frozen, so the other idle ones are dead, too.
                self.close()
                reason = str(error) or type(error).__name__
                continue
            if response.status in BUSY:
                self._pace.refused(sent)
            elif response.status < 500:
                self._pace.answered()
                return connection, response
            reason = f"{response.status} {response.reason}"
            connection.close()
        raise RequestFailed(f"{asked.key}: every try failed; the last: {reason}", max(1, ceil(self._pace.seconds())))

    def _send(self, connection: http.client.HTTPConnection, asked: "_Asked") -> http.client.HTTPResponse:
        if self._credentials is None:
            self._credentials = find_credentials(self._environment)
        path = f"{self._root}/{quote(asked.key, safe='/-_.~')}"
        query = urlencode(sorted(asked.query.items()), quote_via=quote, safe="-_.~")
        signed = sign("GET", self._host, path, query, self._region, self._credentials(), time.gmtime())
        connection.request("GET", f"{path}?{query}" if query else path, headers={**asked.headers, **signed})
        return connection.getresponse()

    def _connection(self) -> http.client.HTTPConnection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        if not self._is_secure:
            return http.client.HTTPConnection(self._host, timeout=TIMEOUT_SECONDS)
        import ssl  # late: emulators do not need it

        context = ssl.create_default_context(cafile=self._ca_bundle)
        return http.client.HTTPSConnection(self._host, timeout=TIMEOUT_SECONDS, context=context)


class _Asked(NamedTuple):
    """One request."""

    key: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    until: float
    """The time, by the monotonic clock, at which it is given up."""
    stop: threading.Event
    """It is given up when this is set."""

    def pause(self, seconds: float) -> bool:
        """Wait. Returns False at once if the time is over before, and as soon as the request is given up."""
        return time.monotonic() + seconds < self.until and not self.stop.wait(seconds)
