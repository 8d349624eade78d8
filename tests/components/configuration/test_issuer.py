import json
from collections.abc import Callable

import pytest

from components.configuration.issuer import issuer_is_what_its_document_says
from components.settings.settings import Settings

ISSUER = "https://login.example.com/tenant"


def said(read: Callable[[str], bytes], **settings: object) -> list[str]:
    chosen = Settings(**{"auth": "jwt", "jwt_issuer": ISSUER, "jwt_audience": ("models",), **settings})
    return [str(problem) for problem in issuer_is_what_its_document_says(chosen, read)]


def document(issuer: str) -> Callable[[str], bytes]:
    def read(url: str) -> bytes:
        assert url == f"{ISSUER}/.well-known/openid-configuration"
        return json.dumps({"issuer": issuer}).encode()

    return read


def test_an_issuer_that_its_document_names_is_right():
    assert said(document(ISSUER)) == []


def test_an_issuer_that_its_document_calls_otherwise_is_refused_with_that_name():
    (message,) = said(document(f"{ISSUER}/"))
    assert f"says that the issuer is '{ISSUER}/'" in message


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"{}"])
def test_a_page_that_is_no_document_of_an_issuer_is_refused(content: bytes):
    (message,) = said(lambda url: content)
    assert "no document of an OpenID Connect issuer" in message


def test_an_issuer_that_cannot_be_reached_from_here_is_no_mistake():
    def fail(url: str) -> bytes:
        raise OSError("no route")

    assert said(fail) == []


def test_no_issuer_is_asked_where_tokens_are_not_used():
    def fail(url: str) -> bytes:
        raise AssertionError(url)

    assert said(fail, auth="iam", jwt_issuer=None) == []
