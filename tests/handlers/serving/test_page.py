"""The page as a file: whole, guarded by its policy, and absent where a stack has none. Its behaviour: `tests/page`."""

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from handlers.serving.app import App
from handlers.serving.start import open_app
from tests.handlers.serving.conftest import Context


def ask(app: App, method: str = "GET", accept: str = "text/html,*/*;q=0.8") -> tuple[int, str, dict[str, str]]:
    event = {
        "version": "2.0",
        "rawPath": "/",
        "headers": {"accept": accept},
        "requestContext": {"http": {"method": method}, "stage": "$default"},
    }
    answer = app.handle(event, Context())
    body = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return answer["statusCode"], body.decode(), answer["headers"]


@pytest.fixture(scope="module")
def variables(repository: Path) -> dict[str, str]:
    return {"MODEL_STORE_URI": repository.as_uri(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}


class _Addresses(HTMLParser):
    """Collects every address in a document."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if name in ("src", "href", "action", "data")}


def test_the_page_is_one_file_without_parts_elsewhere(variables):
    status, page, headers = ask(open_app(variables))
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    addresses = _Addresses()
    addresses.feed(page)
    assert addresses.found == {"data:,", "openapi.json"}
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page
    assert "{{" not in page


def test_its_policy_names_its_own_style_and_script_and_nothing_else(variables):
    _, page, headers = ask(open_app(variables))
    policy = headers["content-security-policy"]
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*)</{tag}>", page, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_stack_without_the_page_answers_404(variables):
    status, body, _ = ask(open_app({**variables, "SERVES_PAGE": "false"}))
    assert (status, "Nothing is at /" in body) == (404, True)


def test_a_program_is_told_that_the_server_is_alive(variables):
    status, body, headers = ask(open_app(variables), accept="*/*")
    assert (status, headers["content-type"], body) == (200, "application/json", '{"status":"alive"}')


def test_the_page_is_only_read(variables):
    assert ask(open_app(variables), "POST")[0] == 405
    assert ask(open_app(variables), "HEAD")[:2] == (200, "")


def test_a_prediction_reads_nothing_of_the_page():
    from handlers.serving import app

    assert app.LATE_DIALECTS["/"] == "page"
    assert not {"page", "openapi"} & {dialect.NAME for dialect in app.DIALECTS.values()}
