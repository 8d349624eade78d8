"""Signatures: checks that requests to a deployed API are signed, by the rules of botocore's own signer.

API Gateway tells callers of an HTTP API nothing but `Forbidden`. The reasons here are for people on this machine.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SERVICE = "execute-api"
ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=5)
"""How much older or newer than now a signature may be."""

CONTENT_HASH = "x-amz-content-sha256"


def refusal(sent: AWSRequest, secrets: Mapping[str, str], region: str, now: datetime | None = None) -> str | None:
    """Why a request is not signed by one of these secret keys, which are named by their access keys; None if it is.

    `sent` is the request as it came, with its path and its query as they were sent.
    """
    kind, _, rest = sent.headers.get("authorization", "").partition(" ")
    if kind != ALGORITHM:
        return f"the request has no signature of the kind {ALGORITHM}"
    parts = {name: value for name, _, value in (part.strip().partition("=") for part in rest.split(","))}
    access_key, _, scope = parts.get("Credential", "").partition("/")
    stamp, names = sent.headers.get("x-amz-date", ""), parts.get("SignedHeaders", "").split(";")
    if access_key not in secrets:
        return f"the access key {access_key!r} is not known"
    if scope != f"{stamp[:8]}/{region}/{SERVICE}/aws4_request":
        return f"it is signed for {scope!r}, not for {region}/{SERVICE} on the day of x-amz-date"
    if (reason := _age(stamp, now or datetime.now(UTC))) is not None:
        return reason
    if "host" not in names or any(name not in sent.headers for name in names):
        return f"a signed header is missing: {', '.join(names)}"
    if sent.headers.get(CONTENT_HASH, digest := hashlib.sha256(sent.data or b"").hexdigest()) != digest:
        return f"{CONTENT_HASH} is not the hash of the body"
    if parts.get("Signature") != _signature(sent, names, stamp, Credentials(access_key, secrets[access_key]), region):
        return "the signature is of another request, or by another key"
    return None


def _age(stamp: str, now: datetime) -> str | None:
    try:
        signed = datetime.strptime(stamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return f"x-amz-date is {stamp!r}"
    return None if abs(now - signed) < SKEW else f"it was signed at {stamp}, more than {SKEW} from now"


def _signature(sent: AWSRequest, names: list[str], stamp: str, credentials: Credentials, region: str) -> str:
    signed = {name: sent.headers[name] for name in names}
    request = AWSRequest(method=sent.method, url=sent.url, headers=signed, data=sent.data)
    request.context["timestamp"] = stamp
    signer = SigV4Auth(credentials, SERVICE, region)
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
