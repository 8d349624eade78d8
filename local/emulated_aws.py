"""The emulated AWS as a process: ministack behind its gate, with corrections of how bodies are handed on to functions.

    python -m local.emulated_aws

- A REST API: a request without a content type counts as JSON, and an answer to one without `Accept` as of any type. So
  the binary media type `*/*` covers both, as on AWS.
- An HTTP API: a body with a `Content-Encoding` is no text, whatever its content type says. API Gateway documents no
  list; a load balancer, which has the same list of text types, documents this.
  https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
- A load balancer: the same list decides there, and a function gets no body that is text by its content alone.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from ministack.services import alb, apigateway, apigateway_v1

from local.gate import run_ministack

UNTYPED = "application/json"
"""The media type of a request that names none."""

_is_encoded: ContextVar[bool] = ContextVar("is_encoded", default=False)
_matches = apigateway_v1._media_type_matches  # pyright: ignore
_is_text = apigateway._v2_request_body_is_text  # pyright: ignore
_invoke = apigateway._invoke_lambda_proxy  # pyright: ignore
_target = alb._invoke_lambda_target  # pyright: ignore


def media_type_matches(media_type: str | None, binary_media_types: Sequence[str] | None) -> bool:
    """Whether a REST API treats a media type as binary; None where a request names none."""
    return _matches(media_type or UNTYPED, binary_media_types)


def body_is_text(content_type: str | None) -> bool:
    """Whether an HTTP API hands a body on as text."""
    return not _is_encoded.get() and _is_text(content_type)


async def invoke_lambda_target(
    function: Any, group: str, method: str, path: str, headers: Any, body: bytes, *rest: Any, **named: Any
) -> Any:
    """Invoke a function for a request to a load balancer."""
    is_text = "content-encoding" not in headers and _is_text(headers.get("content-type"))
    handed_on = body if is_text else _Binary(body)
    return await _target(function, group, method, path, headers, handed_on, *rest, **named)


class _Binary(bytes):
    """A body that ministack finds to be no text, and so hands on as base64."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise UnicodeDecodeError(encoding, bytes(self), 0, len(self), "a load balancer decides by the content type")


async def invoke_lambda_proxy(
    integration: Any, api_id: str, stage: str, path: str, method: str, headers: Any, *rest: Any, **named: Any
) -> Any:
    """Invoke a function for a request to an HTTP API."""
    mark = _is_encoded.set(bool(headers.get("content-encoding")))
    try:
        return await _invoke(integration, api_id, stage, path, method, headers, *rest, **named)
    finally:
        _is_encoded.reset(mark)


if __name__ == "__main__":
    apigateway_v1._media_type_matches = media_type_matches  # pyright: ignore
    apigateway._v2_request_body_is_text = body_is_text  # pyright: ignore
    apigateway._invoke_lambda_proxy = invoke_lambda_proxy  # pyright: ignore
    alb._invoke_lambda_target = invoke_lambda_target  # pyright: ignore
    run_ministack()
