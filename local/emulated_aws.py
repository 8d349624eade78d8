"""The emulated AWS as a process: ministack behind its gate, with corrections of how requests reach functions.

    python -m local.emulated_aws

- A REST API: a request without a content type counts as JSON, and an answer to one without `Accept` as of any type. So
  the binary media type `*/*` covers both, as on AWS.
- A mock integration of a REST API answers by its templates, and fails where AWS's fails (`mock_integrations`).
- A REST API inflates a compressed body, and hands its `Content-Encoding` on all the same.
  https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-enable-compression.html
- An HTTP API: a body with a `Content-Encoding` is no text, whatever its content type says. API Gateway documents no
  list; a load balancer, which has the same list of text types, documents this.
  https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
- A load balancer: the same list decides there, and a function gets no body that is text by its content alone.
- A route with AWS_IAM: the signature is checked. Whoever signs with the emulated account's key may call; policies are
  not asked.
- A route with JWT: tokens are verified with the key of this machine's issuer, whichever issuer the route names.
- The id in the answer's `apigw-requestid` or `x-amzn-requestid` is the one in the function's event.
- A domain name leads to its API by a path of this machine, for no resolver knows the name (`gate`).
- An alias with weights: each request meets the version that they choose.
- A function's URL ends with the alias that it leads to.
- The tagging API also finds networks, log groups, APIs, load balancers and alarms (`emulated_tags`).
- An API whose own host name is switched off does not answer under it: an HTTP API at once, a REST API from its next
  deployment on. https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html
"""

import base64
import json
import os
import random
import zlib
from collections.abc import Sequence
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from botocore.awsrequest import AWSRequest
from ministack import app
from ministack.core.iam_evaluator import AuthError
from ministack.services import alb, apigateway, apigateway_v1, cloudwatch, lambda_svc, tagging

from local import mock_integrations
from local.emulated_alarms import Alarms
from local.emulated_tags import COLLECTORS
from local.forwarding import Forwarding
from local.gate import KEYS_VARIABLE, MOST_VARIABLE, asked_by_name, asked_url, run_ministack
from local.signatures import REASON, Expected, refusal

UNSIGNED, MISSIGNED = "MissingAuthenticationToken", "SignatureDoesNotMatch"
"""What a REST API calls the two failures."""

UNTYPED = "application/json"
"""The media type of a request that names none."""

_is_encoded: ContextVar[bool] = ContextVar("is_encoded", default=False)
_request_id: ContextVar[str] = ContextVar("request_id", default="")
_sent: ContextVar[AWSRequest | None] = ContextVar("sent", default=None)
_rest_api: ContextVar[str] = ContextVar("rest_api", default="")
_new_id = apigateway.new_uuid
_execute = app._handle_execute_api_request  # pyright: ignore
_enforce = app._enforce_execute_api  # pyright: ignore
_authorization = app._execute_api_authorization_type  # pyright: ignore
_matches = apigateway_v1._media_type_matches  # pyright: ignore
_event_of = apigateway_v1._build_lambda_event_v1  # pyright: ignore
_is_text = apigateway._v2_request_body_is_text  # pyright: ignore
_invoke = apigateway._invoke_lambda_proxy  # pyright: ignore
_target = alb._invoke_lambda_target  # pyright: ignore
_execute_http = apigateway._handle_execute_in_scope  # pyright: ignore
_execute_rest = apigateway_v1._execute_in_scope  # pyright: ignore
_run = apigateway.run_reentrant
_forwarding = Forwarding(int(os.environ.get(MOST_VARIABLE, "0")))
_function_of = lambda_svc._get_func_record_for_ref_in_scope  # pyright: ignore
_invoke_function = lambda_svc._invoke  # pyright: ignore
_delete_alias = lambda_svc._delete_alias  # pyright: ignore
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
    request_id = base64.b64encode(os.urandom(11)).decode()
    named_by = _request_id.set(request_id)
    try:
        status, answered, body = await _invoke(integration, api_id, stage, path, method, headers, *rest, **named)
        return status, {**answered, "apigw-requestid": request_id}, body
    finally:
        _request_id.reset(named_by)
        _is_encoded.reset(mark)


def new_id() -> str:
    """An id for what an API makes: while it answers a request, that of the request."""
    return _request_id.get() or _new_id()


async def execute(
    host: str, path: str, method: str, headers: dict[str, str], body: bytes, *rest: Any, **named: Any
) -> Any:
    """Answer a request to any API; None if it is to none."""
    mark = _sent.set(AWSRequest(method, f"http://{host}{asked_url.get()}", headers, body or b""))
    request_id = _new_id()
    named_by = _request_id.set(request_id)
    try:
        answer = await _execute(host, path, method, headers, body, *rest, **named)
    finally:
        _request_id.reset(named_by)
        _sent.reset(mark)
    if answer is not None and "apigw-requestid" not in answer[1]:
        answer[1].setdefault("x-amzn-requestid", request_id)
    return answer


def enforce(api_id: str, stage: str, method: str, path: str, headers: Any, query: Any, *rest: Any, **named: Any) -> Any:
    """The answer to a request whose route asks for a signature that it has not; None for any other.

    A header says why to people on this machine. On AWS, an HTTP API says nothing but `Forbidden`.
    """
    sent = _sent.get()
    if sent is None or _authorization(api_id, stage, method, path) != "AWS_IAM":
        return _enforce(api_id, stage, method, path, headers, query, *rest, **named)
    secrets = {os.environ["AWS_ACCESS_KEY_ID"]: os.environ["AWS_SECRET_ACCESS_KEY"]}
    expected = Expected(service="execute-api", region=os.environ["MINISTACK_REGION"], secrets=secrets)
    found = refusal(sent, expected)
    if found is None:
        return None
    error = AuthError(MISSIGNED if "authorization" in sent.headers else UNSIGNED, found.message)
    refused = apigateway_v1.authentication_error_response(api_id, stage, error, headers, query)
    status, answered, body = refused or (403, {"Content-Type": "application/json"}, b'{"message":"Forbidden"}')
    return status, {**answered, REASON: found.reason}, body


async def fetch_keys(url: str) -> Any:
    """The keys of whichever issuer."""
    return json.loads(os.environ[KEYS_VARIABLE])


async def keys_of(authorizer: Any) -> str:
    """Where an authorizer finds keys: it asks nobody outside of this machine."""
    return "of-this-machine"


async def execute_http(api_id: str, *request: Any, **named: Any) -> Any:
    """Answer a request to an HTTP API."""
    api = apigateway._apis.get(api_id) or {}  # pyright: ignore
    if api.get("disableExecuteApiEndpoint") and not asked_by_name.get():
        return 404, JSON, b'{"message":"Not Found"}'
    return await _execute_http(api_id, *request, **named)


async def execute_rest(request: Any, api_id: str, *more: Any, **named: Any) -> Any:
    """Answer a request to a REST API."""
    if api_id in _closed and not asked_by_name.get():
        return 403, JSON, b'{"message":"Forbidden"}'
    _rest_api.set(api_id)
    return await _execute_rest(request, api_id, *more, **named)


def invoke_mock(integration: Any) -> Any:
    """Answer a request of which a REST API's integration is a mock."""
    sent = _sent.get()
    headers = dict(sent.headers) if sent is not None else {}
    api = apigateway_v1._rest_apis.get(_rest_api.get()) or {}  # pyright: ignore
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    try:
        return tuple(
            mock_integrations.answer(
                integration, headers, is_binary=media_type_matches(kind, api.get("binaryMediaTypes"))
            )
        )
    except mock_integrations.MockError:
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")  # pyright: ignore


def create_deployment(api_id: str, data: Any) -> Any:
    """Deploy a REST API."""
    api = apigateway_v1._rest_apis.get(api_id) or {}  # pyright: ignore
    is_closed = str(api.get("disableExecuteApiEndpoint")).lower() == "true"  # a patch has it as text
    (_closed.add if is_closed else _closed.discard)(api_id)
    return _deploy(api_id, data)


async def run(work: Any, *arguments: Any, **named: Any) -> Any:
    """Run work that blocks. An invocation needs no thread for it."""
    if work is not lambda_svc._execute_function_with_config_scope:  # pyright: ignore
        return await _run(work, *arguments, **named)
    function, event = arguments
    config = function["config"]
    url = lambda_svc._proxy_url_for(config)  # pyright: ignore
    if url is None:
        return await _run(work, *arguments, **named)
    return await _forwarding.forward(event, url, lambda_svc._xray_trace_id_for_invocation(config))  # pyright: ignore


def forward(function: Any, event: Any, url: str, _: str) -> Any:
    """Invoke a function from a thread of ministack's."""
    trace_id = lambda_svc._xray_trace_id_for_invocation(function.get("config") or function)  # pyright: ignore
    return _forwarding.forward_from_thread(app._MAIN_LOOP, event, url, trace_id)  # pyright: ignore


def function_of(reference: str, **scope: Any) -> Any:
    """The function that an API or a load balancer names, at the version that its alias chooses."""
    name, qualifier = lambda_svc._resolve_name_and_qualifier(reference)  # pyright: ignore
    chosen = version_by_weights(name, qualifier)
    return _function_of(f"{reference.removesuffix(f':{qualifier}')}:{chosen}" if chosen else reference, **scope)


async def invoke_function(
    name: str, event: Any, headers: Any, path_qualifier: str | None = None, query_params: Any = None
) -> Any:
    """Invoke a function directly."""
    asked = lambda_svc._qualifier_from_path_or_query(path_qualifier, query_params)  # pyright: ignore
    return await _invoke_function(name, event, headers, version_by_weights(name, asked) or path_qualifier, query_params)


def version_by_weights(function: str, alias: str | None) -> str | None:
    """The version that an alias chooses for one request; None where it has no weights, or is no alias."""
    found = (lambda_svc._functions.get(function) or {}).get("aliases", {}).get(alias)  # pyright: ignore
    weights = ((found or {}).get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    if not found or not weights:
        return None
    shares = [1 - sum(weights.values()), *weights.values()]
    return random.choices([found["FunctionVersion"], *weights], shares)[0]  # noqa: S311 no secret depends on it


def delete_alias(function: str, alias: str) -> Any:
    """Delete an alias, and its URL with it."""
    answer = _delete_alias(function, alias)
    lambda_svc._function_urls.pop(lambda_svc._url_config_key(function, alias), None)  # pyright: ignore
    return answer


def emit_no_logs(*_: Any, **__: Any) -> None:
    """Leave a function's log to `local.log_delivery`, which has what the function wrote."""


OVERRIDES: Sequence[tuple[ModuleType, str, Any]] = (
    (apigateway_v1, "_media_type_matches", media_type_matches),
    (apigateway_v1, "_build_lambda_event_v1", event_of_rest_api),
    (apigateway_v1, "_execute_in_scope", execute_rest),
    (apigateway_v1, "_create_deployment", create_deployment),
    (apigateway_v1, "_invoke_mock_v1", invoke_mock),
    (apigateway, "_v2_request_body_is_text", body_is_text),
    (apigateway, "_handle_execute_in_scope", execute_http),
    (apigateway, "_invoke_lambda_proxy", invoke_lambda_proxy),
    (apigateway, "_fetch_jwks", fetch_keys),
    (apigateway, "_resolve_jwks_url", keys_of),
    (app, "_handle_execute_api_request", execute),
    (app, "_enforce_execute_api", enforce),
    (alb, "_invoke_lambda_target", invoke_lambda_target),
    (lambda_svc, "_execute_function_proxy", forward),
    (lambda_svc, "_get_func_record_for_ref_in_scope", function_of),
    (lambda_svc, "_invoke", invoke_function),
    (lambda_svc, "_delete_alias", delete_alias),
    (lambda_svc, "_emit_lambda_logs", emit_no_logs),
    (cloudwatch, "_alarms", Alarms()),
    (tagging, "_COLLECTORS", COLLECTORS),
    *((module, "new_uuid", new_id) for module in (apigateway, apigateway_v1)),
    *((module, "run_reentrant", run) for module in (apigateway, apigateway_v1, lambda_svc)),
)
"""What ministack's modules call, by its name there, and what they call instead."""

if __name__ == "__main__":
    for module, name, replacement in OVERRIDES:
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name}; install the ministack that pyproject.toml names")
        setattr(module, name, replacement)
    run_ministack()
