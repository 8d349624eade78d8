"""Who may call: the signature or the token that a stack asks for, and the health that it may leave open."""

import json

import pytest
from botocore.credentials import Credentials

from clients.signing import Signer, service_of
from local.emulator import REGION
from tests.callers.asking import COLUMNS, INFER, PREDICT, ROWS, ask, signer
from tests.callers.conftest import Stacks


@pytest.mark.parametrize("api", ["iam", "rest", "url"])
@pytest.mark.parametrize(("path", "body"), [(PREDICT, ROWS), (INFER, COLUMNS), ("/v1/models/iris", None)])
def test_a_request_that_is_signed_is_answered(
    stacks: Stacks, api: str, path: str, body: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask(stacks[api], path, body, auth=signer(monkeypatch, stacks[api]))
    assert answer.status == 200, answer


@pytest.mark.parametrize("api", ["iam", "rest", "url"])
def test_a_request_without_a_signature_is_refused(stacks: Stacks, api: str) -> None:
    answer = ask(stacks[api], PREDICT, ROWS)
    assert answer.status == 403
    assert (
        answer.json
        == {
            "iam": {"message": "Forbidden"},
            "rest": {"error": "Missing Authentication Token"},
            "url": {"Message": "Forbidden"},
        }[api]
    )
    assert "no signature" in answer.headers["x-local-reason"]


@pytest.mark.parametrize("api", ["iam", "rest", "url"])
def test_a_signature_of_another_body_path_or_key_is_refused(
    stacks: Stacks, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = stacks[api]
    sign = signer(monkeypatch, stack)
    body = json.dumps(ROWS).encode()
    url = stack.api_url + PREDICT
    for headers in (
        sign.headers("POST", url, b"{}"),
        sign.headers("GET", url, body),
        sign.headers("POST", stack.api_url + INFER, body),
        {**sign.headers("POST", url, body), "X-Amz-Date": "20200101T000000Z"},
        {name: value.replace("test/", "other/") for name, value in sign.headers("POST", url, body).items()},
    ):
        assert ask(stack, PREDICT, body, headers).status == 403
    assert ask(stack, PREDICT, body, sign.headers("POST", url, body)).status == 200


@pytest.mark.parametrize(
    ("api", "other", "words"),
    [
        ("iam", "lambda", {"message": "Forbidden"}),
        ("rest", "lambda", {"error": "Credential should be scoped to correct service: 'execute-api'."}),
        ("url", "execute-api", {"message": "Credential should be scoped to correct service: 'lambda'."}),
    ],
)
def test_a_signature_for_another_service_is_refused(
    stacks: Stacks, api: str, other: str, words: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_SERVICE", other)
    answer = ask(stacks[api], PREDICT, ROWS, auth=Signer(REGION, credentials=Credentials("test", "test")))
    assert (answer.status, answer.json) == (403, words)
    assert f"/{other}/" in answer.headers["x-local-reason"]


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("https://abc123.lambda-url.eu-west-1.on.aws/v1/models/iris", "lambda"),
        ("https://abc123.execute-api.eu-west-1.amazonaws.com/live/v2", "execute-api"),
        ("https://models.example.com/lambda-url.eu-west-1.on.aws", "execute-api"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:inference-iris:live", "lambda"),
        ("arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/$default/*", "execute-api"),
    ],
)
def test_an_address_says_what_its_requests_are_signed_for(
    address: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service_of(address) == service
    if address.startswith("https"):
        monkeypatch.delenv("API_SERVICE", raising=False)
        signed = Signer("eu-west-1", credentials=Credentials("key", "secret")).headers("GET", address)
        assert f"/eu-west-1/{service}/aws4_request" in signed["Authorization"]


def test_a_token_of_the_issuer_is_let_in_and_any_other_is_not(stacks: Stacks) -> None:
    stack = stacks["jwt"]

    def status(**options: object) -> int:
        return ask(stack, PREDICT, ROWS, {"authorization": f"Bearer {stack.token(**options)}"}).status

    assert status() == 200
    assert status(audience="others") == 401
    assert status(seconds=-60) == 401
    assert status(scopes=["other"]) == 403
    other = stacks["iam"].emulator.issuer.token("https://login.example.com", "models", ["predict"])
    assert ask(stack, PREDICT, ROWS, {"authorization": f"Bearer {other}"}).status == 401
    assert ask(stack, PREDICT, ROWS).status == 401


@pytest.mark.parametrize("name", ["iam", "jwt", "rest"])
def test_health_is_open_to_everyone_where_the_stack_says_so(stacks: Stacks, name: str) -> None:
    for path in ("/v2/health/live", "/v2/health/ready"):
        assert ask(stacks[name], path).status == 200
    assert ask(stacks[name], "/v2/models").status in (401, 403)
