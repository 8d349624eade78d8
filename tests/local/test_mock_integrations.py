"""What a REST API answers by itself, where an integration is a mock."""

from typing import Any

import pytest

from local.mock_integrations import MockError, answer

TEXT = "CONVERT_TO_TEXT"


def mock(request: str = '{"statusCode": 204}', **more: Any) -> dict[str, Any]:
    return {
        "requestTemplates": {"application/json": request},
        "contentHandling": TEXT,
        "integrationResponses": {"204": {"statusCode": "204", "selectionPattern": ""}},
        **more,
    }


def test_a_binary_request_has_no_template_unless_it_is_made_text():
    assert answer(mock(), {}, is_binary=True).status == 204
    assert answer(mock(contentHandling=None), {}, is_binary=False).status == 204
    with pytest.raises(MockError, match="Unable to transform request"):
        answer(mock(contentHandling=None), {}, is_binary=True)


def test_the_status_chooses_the_response():
    responses = {
        "200": {"statusCode": "200", "selectionPattern": ""},
        "418": {"statusCode": "418", "selectionPattern": "4\\d\\d"},
    }
    found = [
        answer(mock(f'{{"statusCode": {status}}}', integrationResponses=responses), {}, is_binary=False).status
        for status in (201, 404, 500)
    ]
    assert found == [200, 418, 200]


@pytest.mark.parametrize("request_template", ["", "{}", "statusCode: 200"])
def test_a_mock_without_a_status_fails(request_template):
    with pytest.raises(MockError, match="Unable to parse statusCode"):
        answer(mock(request_template), {}, is_binary=False)


def test_a_mock_without_a_response_for_a_status_fails():
    responses = {"200": {"statusCode": "200", "selectionPattern": "200"}}
    with pytest.raises(MockError, match="no default output mapping"):
        answer(mock(integrationResponses=responses), {}, is_binary=False)


def test_a_template_reads_headers_and_overrides_what_is_mapped():
    template = (
        '#set($sent = $input.params().header)#if($sent.get("origin") == "b")'
        '#set($context.responseOverride.header.X-Page = "b")#set($context.responseOverride.status = 201)#end'
    )
    response = {
        "statusCode": "204",
        "responseParameters": {"method.response.header.X-Page": "'a'", "method.response.header.X-Kept": "'k'"},
        "responseTemplates": {"application/json": template},
    }
    integration = mock(integrationResponses={"204": response})
    plain = answer(integration, {"Origin": "b"}, is_binary=True)
    assert (plain.status, plain.headers["X-Page"], plain.headers["X-Kept"]) == (204, "a", "k")
    other = answer(integration, {"origin": "b"}, is_binary=True)
    assert (other.status, other.headers["X-Page"], other.headers["X-Kept"], other.body) == (201, "b", "k", b"")
