"""What a function adds to its answers for pages of other origins, behind an API that adds nothing."""

from typing import Any

import pytest

from handlers.contract import CORS_CREDENTIALS, CORS_ORIGINS, MODEL_STORE_URI
from handlers.serving.start import handler_of, open_app

PAGE, OTHER = "https://app.example.com", "https://admin.example.com"
EXPOSED = "inference-header-content-length,location,preference-applied,retry-after,x-model-version"


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def handler(tmp_path, **environment: str):
    variables = {MODEL_STORE_URI: tmp_path.as_uri(), **environment}
    return handler_of(open_app(variables), variables)


def get(path: str = "/v2/health/live", **headers: str) -> dict[str, Any]:
    return {"httpMethod": "GET", "path": path, "headers": headers, "requestContext": {}}


def allowed(answer: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in answer["headers"].items() if name.startswith(("access-control", "vary"))}


@pytest.mark.parametrize("name", ["origin", "Origin"])
def test_a_named_page_may_read_an_answer_and_a_refusal(tmp_path, name):
    handle = handler(tmp_path, CORS_ORIGINS=f"{PAGE},{OTHER}")
    for path in ("/v2/health/live", "/elsewhere", "/v1/models/none"):
        assert allowed(handle(get(path, **{name: OTHER}), Context())) == {
            "access-control-allow-origin": OTHER,
            "access-control-expose-headers": EXPOSED,
            "vary": "origin",
        }


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example.com"}, {"origin": f"{PAGE},{OTHER}"}])
def test_other_pages_may_not_and_caches_know_that_answers_differ(tmp_path, headers):
    handle = handler(tmp_path, CORS_ORIGINS=f"{PAGE},{OTHER}")
    assert allowed(handle(get(**headers), Context())) == {"vary": "origin"}


def test_every_page_may_where_the_star_is_named(tmp_path):
    handle = handler(tmp_path, CORS_ORIGINS="*")
    assert allowed(handle(get(origin="null"), Context())) == {
        "access-control-allow-origin": "*",
        "access-control-expose-headers": EXPOSED,
    }


def test_credentials_are_allowed_only_to_named_pages_and_where_it_is_set(tmp_path):
    handle = handler(tmp_path, CORS_ORIGINS=PAGE, CORS_CREDENTIALS="true")
    assert allowed(handle(get(origin=PAGE), Context()))["access-control-allow-credentials"] == "true"
    assert allowed(handle(get(origin=OTHER), Context())) == {"vary": "origin"}


def test_an_answer_that_varies_already_varies_by_both(tmp_path):
    answer = handler(tmp_path, CORS_ORIGINS=PAGE)(get("/", origin=PAGE, accept="text/html"), Context())
    assert answer["headers"]["vary"] == "accept, origin"


@pytest.mark.parametrize(
    "event",
    [
        *([], None, {"warmup": True}, {"model": "none", "instances": []}),
        {"httpMethod": "GET", "path": "/v2", "headers": None, "requestContext": {}},
        {"httpMethod": "GET", "path": "/v2", "headers": [PAGE], "requestContext": {}},
        {"httpMethod": "GET", "path": "/v2", "headers": {"origin": [PAGE]}, "requestContext": {}},
    ],
)
def test_an_event_without_a_page_is_answered_as_ever(tmp_path, event):
    answer = handler(tmp_path, CORS_ORIGINS=PAGE)(event, Context())
    assert "access-control-allow-origin" not in answer.get("headers", {})


def test_a_function_without_the_setting_does_no_more_than_before(tmp_path):
    variables = {MODEL_STORE_URI: tmp_path.as_uri()}
    app = open_app(variables)
    assert handler_of(app, variables) == app.handle


def test_a_mistake_in_the_setting_is_named(tmp_path):
    with pytest.raises(ValueError, match="CORS_CREDENTIALS is 'yes'; it must be true or false"):
        handler(tmp_path, **{CORS_ORIGINS: PAGE, CORS_CREDENTIALS: "yes"})
