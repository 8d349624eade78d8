"""The emulated AWS as a process: ministack behind its gate, with corrections of API Gateway.

    python -m local.emulated_aws

- A REST API: a request without a content type counts as JSON, and an answer to one without `Accept` as of any type. So
  the binary media type `*/*` covers both, as on AWS.
- A REST API inflates a compressed body, and hands its `Content-Encoding` on all the same.
  https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-enable-compression.html
- An HTTP API: a body with a `Content-Encoding` is no text, whatever its content type says. API Gateway documents no
  list; a load balancer, which has the same list of text types, documents this.
  https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
- An API whose own host name is switched off does not answer under it: an HTTP API at once, a REST API from its next
  deployment on. https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html
"""

import zlib
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway, apigateway_v1

from local.gate import run_ministack

UNTYPED = "application/json"
"""The media type of a request that names none."""

_is_encoded: ContextVar[bool] = ContextVar("is_encoded", default=False)
_matches = apigateway_v1._media_type_matches  # pyright: ignore
_event_of = apigateway_v1._build_lambda_event_v1  # pyright: ignore
_is_text = apigateway._v2_request_body_is_text  # pyright: ignore
_invoke = apigateway._invoke_lambda_proxy  # pyright: ignore
_execute_http = apigateway._handle_execute_in_scope  # pyright: ignore
_execute_rest = apigateway_v1._execute_in_scope  # pyright: ignore
_deploy = apigateway_v1._create_deployment  # pyright: ignore
_closed: set[str] = set()
"""The REST APIs that were deployed with their own host name switched off."""

JSON = {"Content-Type": "application/json"}


def media_type_matches(media_type: str | None, binary_media_types: Sequence[str] | None) -> bool:
    """Whether a REST API treats a media type as binary; None where a request names none."""
    return _matches(media_type or UNTYPED, binary_media_types)


def event_of_rest_api(
    api_id: str,
    stage_name: str,
    stage: Any,
    resource: Any,
    path: str,
    method: str,
    headers: Any,
    body: Any,
    *rest: Any,
    **named: Any,
) -> Any:
    """The event of a request to a REST API."""
    plain = inflated(body, headers.get("content-encoding"))
    return _event_of(api_id, stage_name, stage, resource, path, method, headers, plain, *rest, **named)


def inflated(body: Any, encoding: str | None) -> Any:
    """A body without the encoding that a REST API takes away; as it is where it is not so encoded."""
    if not body or encoding not in ("gzip", "deflate"):
        return body
    try:
        return zlib.decompress(body, 47)  # with a gzip or a zlib header
    except zlib.error:
        return body


def body_is_text(content_type: str | None) -> bool:
    """Whether an HTTP API hands a body on as text."""
    return not _is_encoded.get() and _is_text(content_type)


async def invoke_lambda_proxy(
    integration: Any, api_id: str, stage: str, path: str, method: str, headers: Any, *rest: Any, **named: Any
) -> Any:
    """Invoke a function for a request to an HTTP API."""
    mark = _is_encoded.set(bool(headers.get("content-encoding")))
    try:
        return await _invoke(integration, api_id, stage, path, method, headers, *rest, **named)
    finally:
        _is_encoded.reset(mark)


async def execute_http(api_id: str, *request: Any, **named: Any) -> Any:
    """Answer a request under an HTTP API's own host name."""
    if (apigateway._apis.get(api_id) or {}).get("disableExecuteApiEndpoint"):  # pyright: ignore
        return 404, JSON, b'{"message":"Not Found"}'
    return await _execute_http(api_id, *request, **named)


async def execute_rest(request: Any, api_id: str, *more: Any, **named: Any) -> Any:
    """Answer a request under a REST API's own host name."""
    if api_id in _closed:
        return 403, JSON, b'{"message":"Forbidden"}'
    return await _execute_rest(request, api_id, *more, **named)


def create_deployment(api_id: str, data: Any) -> Any:
    """Deploy a REST API."""
    api = apigateway_v1._rest_apis.get(api_id) or {}  # pyright: ignore
    is_closed = str(api.get("disableExecuteApiEndpoint")).lower() == "true"  # a patch has it as text
    (_closed.add if is_closed else _closed.discard)(api_id)
    return _deploy(api_id, data)


if __name__ == "__main__":
    apigateway_v1._media_type_matches = media_type_matches  # pyright: ignore
    apigateway_v1._build_lambda_event_v1 = event_of_rest_api  # pyright: ignore
    apigateway._v2_request_body_is_text = body_is_text  # pyright: ignore
    apigateway_v1._execute_in_scope = execute_rest  # pyright: ignore
    apigateway_v1._create_deployment = create_deployment  # pyright: ignore
    apigateway._handle_execute_in_scope = execute_http  # pyright: ignore
    apigateway._invoke_lambda_proxy = invoke_lambda_proxy  # pyright: ignore
    run_ministack()
