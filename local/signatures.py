"""Signatures: checks that requests to a deployed API are signed, by the rules of botocore's own signer.

API Gateway tells callers of an HTTP API nothing but `Forbidden`. The reasons here are for people on this machine.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
SCOPE_PARTS = 5
"""A credential is the access key, the day, the region, the service and `aws4_request`."""
SKEW = timedelta(minutes=5)
"""How much older or newer than now a signature may be."""

CONTENT_HASH = "x-amz-content-sha256"

REASON = "x-local-reason"
"""The header that says why a request was refused."""

UNSIGNED = "Missing Authentication Token"
MISSIGNED = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
OTHER_SERVICE = "Credential should be scoped to correct service: '{}'."
"""How AWS words refusals, where it words them at all."""


class Refusal(NamedTuple):
    """Why a request is refused."""

    reason: str
    """For people on this machine."""
    message: str
    """As AWS words it."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a signature must be of."""

    service: str
    """`execute-api`, or `lambda` for a function URL."""
    region: str
    secrets: Mapping[str, str]
    """By access key."""


def refusal(sent: AWSRequest, expected: Expected, now: datetime | None = None) -> Refusal | None:
    """Why a request is not signed as it must be; None if it is. `sent` has its path and its query as they came."""
    reason = _reason(sent, expected, now or datetime.now(UTC))
    if reason is None:
        return None
    return Refusal(reason=reason, message=_message(sent.headers.get("authorization"), expected.service))


def _message(authorization: str | None, service: str) -> str:
    if authorization is None:
        return UNSIGNED
    _, _, scope = authorization.partition("Credential=")
    named = scope.partition(",")[0].split("/")
    return OTHER_SERVICE.format(service) if len(named) == SCOPE_PARTS and named[3] != service else MISSIGNED


def _reason(sent: AWSRequest, expected: Expected, now: datetime) -> str | None:
    kind, _, rest = sent.headers.get("authorization", "").partition(" ")
    if kind != ALGORITHM:
        return f"the request has no signature of the kind {ALGORITHM}"
    parts = {name: value for name, _, value in (part.strip().partition("=") for part in rest.split(","))}
    access_key, _, scope = parts.get("Credential", "").partition("/")
    stamp, names = sent.headers.get("x-amz-date", ""), parts.get("SignedHeaders", "").split(";")
    if access_key not in expected.secrets:
        return f"the access key {access_key!r} is not known"
    if scope != f"{stamp[:8]}/{expected.region}/{expected.service}/aws4_request":
        return f"it is signed for {scope!r}, not for {expected.region}/{expected.service} on the day of x-amz-date"
    if (reason := _age(stamp, now)) is not None:
        return reason
    if "host" not in names or any(name not in sent.headers for name in names):
        return f"a signed header is missing: {', '.join(names)}"
    if sent.headers.get(CONTENT_HASH, digest := hashlib.sha256(sent.data or b"").hexdigest()) != digest:
        return f"{CONTENT_HASH} is not the hash of the body"
    key = Credentials(access_key, expected.secrets[access_key])
    if parts.get("Signature") != _signature(sent, names, stamp, SigV4Auth(key, expected.service, expected.region)):
        return "the signature is of another request, or by another key"
    return None


def _age(stamp: str, now: datetime) -> str | None:
    try:
        signed = datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return f"x-amz-date is {stamp!r}"
    return None if abs(now - signed) < SKEW else f"it was signed at {stamp}, more than {SKEW} from now"


def _signature(sent: AWSRequest, names: list[str], stamp: str, signer: SigV4Auth) -> str:
    signed = {name: sent.headers[name] for name in names}
    request = AWSRequest(method=sent.method, url=sent.url, headers=signed, data=sent.data)
    request.context["timestamp"] = stamp
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
