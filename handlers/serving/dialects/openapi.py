"""The OpenAPI 3.1 document of the API, written from the signatures of the models: `GET /openapi.json`.

In mode single, each function can read its own model alone. For the paths of every other model, the document then refers
to the one that the model's own function answers at `/v2/models/NAME/openapi.json`.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from handlers.contract import ASYNCHRONOUS_QUEUE
from handlers.manifest import Manifest
from handlers.serving.dialects import Call, Models
from handlers.serving.dialects.json_text import json_response
from handlers.serving.dialects.open_inference import SERVER_NAME, SERVER_VERSION
from handlers.serving.dialects.openapi_examples import infer_examples, predict_examples
from handlers.serving.dialects.openapi_schemas import infer_schema, predict_schema
from handlers.serving.dialects.without_predictions import decode, encode, fail
from handlers.serving.errors import MethodNotAllowed, ServingError
from handlers.serving.events import Request, Response

__all__ = ["NAME", "decode", "describe", "document", "encode", "fail", "route"]

NAME = "openapi"

_STATUSES = {
    "400": "The request is not as the signature wants it.",
    "404": "There is no such model or version.",
    "413": "The request or the answer is too large. The message says what the limit is and what to do.",
    "415": "The body is of a type that the signature does not take. The message says what to send.",
    "429": "Requests come faster than the API or the function takes them. Try again later.",
    "500": "The server failed: the model needs more memory than the function has, or the message has the id of the "
    "request, which the log has, too.",
    "501": "The signature has a type that JSON has no form for.",
    "503": "The model cannot answer yet. `retry-after` says when to try again.",
    "504": "The prediction took longer than the function may.",
}
"""The statuses of every operation, besides 200."""


_NO_EXAMPLES: Mapping[str, Any] = MappingProxyType({})

_MODEL_PATHS = (
    "/v1/models/{}",
    "/v1/models/{}/metadata",
    "/v1/models/{}:predict",
    "/v2/models/{}",
    "/v2/models/{}/config",
    "/v2/models/{}/stats",
    "/v2/models/{}/ready",
    "/v2/models/{}/openapi.json",
    "/v2/models/{}/infer",
)
"""The paths of a model."""

_ANSWER_PATHS = ("/v1/models/{}/answers/{{id}}", "/v2/models/{}/answers/{{id}}")
"""Those of its answers to requests that prefer to be answered later."""

_PREDICTIONS: Mapping[str, tuple[str, Callable[[Manifest], Any], Callable[[Manifest], Any]]] = {
    "predict": ("as TensorFlow Serving", predict_schema, predict_examples),
    "infer": ("by the Open Inference Protocol", infer_schema, infer_examples),
}
"""The operations that predict, by the verb at the end of their paths: how, the schema of a body, and examples."""


def route(method: str, path: str) -> Call:
    """See `Dialect.route`."""
    if method != "GET":
        raise MethodNotAllowed(method, path, ("GET",))
    return Call("document")


def describe(call: Call, request: Request, models: Models) -> Response:
    """See `Dialect.describe`. A model whose manifest cannot be read has no paths."""
    if call.model:
        return json_response(_whole(_model_paths(models.find(call.model)), "../../.."))
    own = models.models()
    elsewhere = [name for name in models.listed() if name not in own]
    return json_response(document(_manifests(own, models), elsewhere))


def document(manifests: list[Manifest], elsewhere: list[str]) -> dict[str, Any]:
    """The document of an API that serves these versions, and whose other functions serve the models `elsewhere`."""
    paths = {
        **_server_paths(),
        **{path: item for manifest in manifests for path, item in _model_paths(manifest).items()},
        **{path: item for model in elsewhere for path, item in _elsewhere(model)},
    }
    if len(manifests) == 1 and not elsewhere:
        paths |= _sagemaker_paths(manifests[0])
    return _whole(paths, ".")


def _whole(paths: Mapping[str, Any], root: str) -> dict[str, Any]:
    """A document of these paths. `root` leads from the document to the API's root."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": SERVER_NAME,
            "version": SERVER_VERSION,
            "description": "TensorFlow models, as TensorFlow Serving's REST API and as the Open Inference Protocol.",
        },
        "servers": [{"url": root}],
        "paths": paths,
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string"}},
                }
            }
        },
    }


def _elsewhere(model: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The paths of a model that another function serves, as references to that function's document."""
    for path in (*_MODEL_PATHS, *(_ANSWER_PATHS if _answers_later() else ())):
        named = path.format(model)
        pointer = named.replace("/", "~1")
        yield named, {"$ref": f"v2/models/{model}/openapi.json#/paths/{pointer}"}


def _manifests(names: list[str], models: Models) -> list[Manifest]:
    found: list[Manifest] = []
    for name in names:
        try:
            found.append(models.find(name))
        except ServingError:
            continue
    return found


def _server_paths() -> dict[str, Any]:
    return {
        "/openapi.json": _got("document", "This document"),
        "/v2": _got("server", "The server, and the extensions of the protocol that it has"),
        "/v2/health/live": _got("live", "Whether the server runs"),
        "/v2/health/ready": _got("ready", "Whether the models can answer"),
        "/v2/models": _got("models", "The names of the models"),
        "/v2/models/stats": _got("statistics", "What this environment of the function answered so far"),
        "/v2/repository/index": {
            "post": _operation(
                "index",
                "The versions of the models, with their states",
                body={"type": "object", "properties": {"ready": {"type": ["boolean", "null"]}}},
                examples={"ready": {"ready": True}},
                answer={"type": "array"},
            )
        },
    }


def _model_paths(manifest: Manifest) -> dict[str, Any]:
    name = manifest.model
    items = (
        _got(f"{name}-status", f"The state of {name}", name),
        _got(f"{name}-signatures", f"All signatures of {name}", name),
        _predicted(manifest, "predict"),
        _got(f"{name}-metadata", f"The inputs and outputs of {name}", name),
        _got(f"{name}-config", "The same as a configuration of Triton's", name),
        _got(f"{name}-statistics", f"What this environment answered of {name} so far", name),
        _got(f"{name}-ready", f"Whether {name} can answer", name),
        _got(f"{name}-document", f"The paths of {name} as a document of their own", name),
        _predicted(manifest, "infer"),
    )
    found = {path.format(name): item for path, item in zip(_MODEL_PATHS, items, strict=True)}
    if _answers_later():
        for number, path in enumerate(_ANSWER_PATHS, start=1):
            found[path.format(name)] = _kept(f"{name}-answer-v{number}", name)
    return found


def _answers_later() -> bool:
    return ASYNCHRONOUS_QUEUE in os.environ


def _kept(identifier: str, model: str) -> dict[str, Any]:
    identified = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    summary = "The answer to a request that preferred to be answered later, with the status that it would have had"
    return {"parameters": [identified], "get": _accepted(_operation(identifier, summary, model))}


def _accepted(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation that may say that the answer is not there yet."""
    schema = {"type": "object", "required": ["id", "state"]}
    later = {
        "description": "The answer is not there yet. `retry-after` says when to look, `location` where.",
        "content": {"application/json": {"schema": schema}},
    }
    return {**operation, "responses": {**operation["responses"], "202": later}}


def _predicted(manifest: Manifest, verb: str) -> dict[str, Any]:
    how, schema, examples = _PREDICTIONS[verb]
    name, summary = manifest.model, f"Predict with {manifest.model}, {how}"
    operation = _operation(f"{name}-{verb}", summary, name, body=schema(manifest), examples=examples(manifest))
    if not _answers_later():
        return {"post": operation}
    prefer = {"name": "Prefer", "in": "header", "schema": {"type": "string"}, "example": "respond-async"}
    return {"post": {**_accepted(operation), "parameters": [{**prefer, "description": "When to answer: RFC 7240."}]}}


def _sagemaker_paths(manifest: Manifest) -> dict[str, Any]:
    return {
        f"/endpoints/{manifest.model}/invocations": {"post": _invocation(manifest, f"{manifest.model}-invocations")},
        "/invocations": {"post": _invocation(manifest, "invocations")},
        "/ping": _got("ping", "Whether the model can answer"),
    }


def _invocation(manifest: Manifest, identifier: str) -> dict[str, Any]:
    operation = _operation(
        identifier,
        "Predict, as a container of SageMaker's. CSV and npy go in and out, too",
        manifest.model,
        body={"anyOf": [predict_schema(manifest), {"type": "array"}]},
        examples=predict_examples(manifest),
    )
    further = {"406": _failure("`Accept` names no form of an answer."), "415": _failure("The body is of another type.")}
    return {**operation, "responses": {**operation["responses"], **further}}


def _got(identifier: str, summary: str, tag: str = "server") -> dict[str, Any]:
    return {"get": _operation(identifier, summary, tag)}


def _operation(
    identifier: str,
    summary: str,
    tag: str = "server",
    *,
    body: Mapping[str, Any] | None = None,
    examples: Mapping[str, Any] = _NO_EXAMPLES,
    answer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": identifier,
        "summary": summary,
        "tags": [tag],
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {"application/json": {"schema": answer or {"type": "object"}}},
            },
            **{status: _failure(meaning) for status, meaning in _STATUSES.items()},
        },
    }
    if body is not None:
        named = {name: {"value": value} for name, value in examples.items()}
        content = {"schema": body} | ({"examples": named} if named else {})
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    return found


def _failure(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
