"""Signatures are checked by the rules of botocore's signer, and tokens are those of this machine's issuer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from botocore.awsrequest import AWSRequest

from clients.signing import Signer
from local.issuer import KEY_ID, Issuer
from local.signatures import Expected, refusal

REGION = "eu-central-1"
URL = "http://127.0.0.1:4566/token/_aws/execute-api/abc/v1/models/iris:predict?a=1&b=%2F"
EXPECTED = Expected(service="execute-api", region=REGION, secrets={"key": "secret"})


@pytest.fixture
def headers(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    signed = Signer(REGION).headers("POST", URL, b"{}")
    return {"host": "127.0.0.1:4566", **{name.lower(): value for name, value in signed.items()}}


def refused(headers: Mapping[str, str], url: str = URL, body: bytes = b"{}", **options: datetime) -> str | None:
    found = refusal(AWSRequest("POST", url, headers, body), EXPECTED, **options)
    return found.reason if found else None


def test_a_request_that_botocore_signed_is_accepted_with_its_colon(headers: Mapping[str, str]) -> None:
    assert refused(headers) is None
    assert refused({**headers, "user-agent": "x", "content-type": "application/json"}) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"authorization": "Bearer abc"}, "no signature of the kind"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=nobody/x, SignedHeaders=host, Signature=0"}, "'nobody'"),
        ({"x-amz-date": "yesterday"}, "not for eu-central-1"),
        ({"host": "elsewhere"}, "another request"),
        ({"x-amz-content-sha256": "0" * 64}, "not the hash of the body"),
    ],
)
def test_what_is_not_signed_right_is_refused_with_the_reason(
    headers: Mapping[str, str], changed: Mapping[str, str], reason: str
) -> None:
    assert reason in (refused({**headers, **changed}) or "")


def test_another_path_query_or_body_is_refused(headers: Mapping[str, str]) -> None:
    for url in (URL.replace("iris", "wine"), URL.replace("a=1", "a=2")):
        assert "another request" in (refused(headers, url) or "")
    assert "another request" in (refused(headers, body=b"{ }") or "")


def test_a_signature_holds_for_five_minutes(headers: Mapping[str, str]) -> None:
    now = datetime.now(UTC)
    assert refused(headers, now=now + timedelta(minutes=4)) is None
    assert "more than" in (refused(headers, now=now + timedelta(minutes=6)) or "")


def test_a_token_is_verified_by_the_keys_that_its_issuer_tells() -> None:
    issuer = Issuer()
    token = issuer.token("https://login.example.com", "models", ["predict"])
    (key,) = jwt.PyJWKSet.from_json(issuer.keys()).keys
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="models", issuer="https://login.example.com")
    assert (key.key_id, claims["scope"], claims["sub"]) == (KEY_ID, "predict", "somebody")
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(issuer.token("i", "models", seconds=-60), key, algorithms=["RS256"], audience="models")
