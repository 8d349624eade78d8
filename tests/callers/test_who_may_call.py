"""Who may call: the signature or the token that a stack asks for, and the health that it may leave open."""

import json

import pytest

from tests.callers.asking import COLUMNS, INFER, PREDICT, ROWS, ask, signer
from tests.callers.conftest import Stacks


@pytest.mark.parametrize("api", ["iam", "rest"])
@pytest.mark.parametrize(("path", "body"), [(PREDICT, ROWS), (INFER, COLUMNS), ("/v1/models/iris", None)])
def test_a_request_that_is_signed_is_answered(
    stacks: Stacks, api: str, path: str, body: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask(stacks[api], path, body, auth=signer(monkeypatch))
    assert answer.status == 200, answer


@pytest.mark.parametrize("api", ["iam", "rest"])
def test_a_request_without_a_signature_is_refused(stacks: Stacks, api: str) -> None:
    answer = ask(stacks[api], PREDICT, ROWS)
    assert answer.status == 403
    expected = {"message": "Forbidden"} if api == "iam" else {"error": "Missing Authentication Token"}
    assert answer.json == expected
    assert "no signature" in answer.headers["x-local-reason"]


@pytest.mark.parametrize("api", ["iam", "rest"])
def test_a_signature_of_another_body_path_or_key_is_refused(
    stacks: Stacks, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign, stack = signer(monkeypatch), stacks[api]
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
