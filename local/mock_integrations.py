"""Mock integrations: what an emulated REST API answers by itself, by templates of the Velocity language.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import airspeed

JSON = "application/json"
"""The media type of a request that names none."""

# Names of Velocity may hold hyphens, as those of headers do; airspeed's may not.
# https://velocity.apache.org/engine/2.3/vtl-reference.html
_NAME = "[a-z][a-z0-9_-]*"
airspeed.NameOrCall.NAME = re.compile(rf"({_NAME})", re.IGNORECASE)
airspeed.SetDirective.PLACE = re.compile(rf"\s*\$({_NAME}(?:\.{_NAME})*)", re.IGNORECASE)

HEADER = "method.response.header."
TO_TEXT = "CONVERT_TO_TEXT"


class MockError(Exception):
    """The integration cannot answer: a mistake of its configuration, which callers see as status 500."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(integration: Mapping[str, Any], headers: Mapping[str, str], *, is_binary: bool) -> Answer:
    """What an integration answers to a request with these headers.

    `is_binary`: the media type of the request is one of the API's binary ones. Then there is no text to put through a
    template, unless the integration makes it text.

    Raises MockError if the integration has no status, or no response for the one it has.
    """
    if is_binary and integration.get("contentHandling") != TO_TEXT:
        raise MockError("Unable to transform request")
    context: dict[str, Any] = {"responseOverride": {"header": {}}}
    names = {"input": _Input(headers), "context": context}
    status = _status(_rendered(integration.get("requestTemplates"), names))
    response = _selected(integration.get("integrationResponses") or {}, status)
    mapped = {
        name.removeprefix(HEADER): value[1:-1]
        for name, value in (response.get("responseParameters") or {}).items()
        if name.startswith(HEADER) and value.startswith("'")
    }
    body = _rendered(response.get("responseTemplates"), names)
    override = context["responseOverride"]
    return Answer(
        int(override.get("status", response["statusCode"])),
        {"Content-Type": JSON, **mapped, **override["header"]},
        body.encode(),
    )


class _Input:
    """`$input`, as far as it is about headers."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def params(self) -> Mapping[str, Any]:
        return {"header": self._headers}


def _rendered(templates: Mapping[str, str] | None, names: Mapping[str, Any]) -> str:
    template = (templates or {}).get(JSON)
    return airspeed.Template(template).merge(names) if template else ""


def _status(rendered: str) -> str:
    try:
        return str(json.loads(rendered)["statusCode"])
    except (ValueError, KeyError, TypeError):
        raise MockError("Unable to parse statusCode") from None


def _selected(responses: Mapping[str, Any], status: str) -> Mapping[str, Any]:
    """The response whose pattern matches a status, else the one without a pattern."""
    default: Mapping[str, Any] | None = None
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if not pattern:
            default = response
        elif re.fullmatch(pattern, status):
            return response
    if default is None:
        raise MockError("No match for output mapping and no default output mapping configured")
    return default
