"""The OpenAPI 3.1 document of the API, written from the signatures of the served models: `GET /openapi.json`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from handlers.manifest import Manifest
from handlers.serving.dialects import Call, Inference, Models
from handlers.serving.dialects.json_text import error_response, json_response
from handlers.serving.dialects.open_inference import SERVER_NAME, SERVER_VERSION
from handlers.serving.dialects.openapi_examples import infer_example, predict_example
from handlers.serving.dialects.openapi_schemas import infer_schema, predict_schema
from handlers.serving.errors import MethodNotAllowed, ServingError
from handlers.serving.events import Request, Response

if TYPE_CHECKING:
    import numpy as np

NAME = "openapi"

_STATUSES = {
    "400": "The request is not as the signature wants it.",
    "404": "There is no such model or version.",
    "413": "The request or the answer is too large. The message says what the limit is and what to do.",
    "429": "Requests come faster than the API or the function takes them. Try again later.",
    "500": "The server failed: the model needs more memory than the function has, or the message has the id of the "
    "request, which the log has, too.",
    "501": "The signature has a type that JSON has no form for.",
    "503": "The model cannot answer yet. `retry-after` says when to try again.",
    "504": "The prediction took longer than the function may.",
}
"""The statuses of every operation, besides 200."""


def route(method: str, path: str) -> Call:
    """See `Dialect.route`."""
    if method != "GET":
        raise MethodNotAllowed(method, path, ("GET",))
    return Call("document")


def describe(call: Call, request: Request, models: Models) -> Response:
    """See `Dialect.describe`. A model whose manifest cannot be read has no paths."""
    return json_response(document(_manifests(models)))


def decode(request: Request, manifest: Manifest) -> Inference[Any]:
    """See `Dialect.decode`. The document predicts nothing."""
    _refuse()


def encode(inference: Inference[Any], outputs: "Mapping[str, np.ndarray]", manifest: Manifest) -> Response:
    """See `Dialect.encode`. The document predicts nothing."""
    _refuse()


def fail(error: ServingError) -> Response:
    """See `Dialect.fail`."""
    return error_response(error, str(error))


def document(manifests: list[Manifest]) -> dict[str, Any]:
    """The document of an API that serves these versions."""
    paths = {
        **_server_paths(),
        **{path: item for manifest in manifests for path, item in _model_paths(manifest).items()},
    }
    if len(manifests) == 1:
        paths |= _sagemaker_paths(manifests[0])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": SERVER_NAME,
            "version": SERVER_VERSION,
            "description": "TensorFlow models, as TensorFlow Serving's REST API and as the Open Inference Protocol.",
        },
        "servers": [{"url": "."}],
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


def _manifests(models: Models) -> list[Manifest]:
    found: list[Manifest] = []
    for name in models.models():
        try:
            found.append(models.find(name))
        except ServingError:
            continue
    return found


def _refuse() -> NoReturn:
    raise MethodNotAllowed("POST", "/openapi.json", ("GET",))


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
                example={"ready": True},
                answer={"type": "array"},
            )
        },
    }


def _model_paths(manifest: Manifest) -> dict[str, Any]:
    name = manifest.model
    return {
        f"/v1/models/{name}": _got(f"{name}-status", f"The state of {name}", name),
        f"/v1/models/{name}/metadata": _got(f"{name}-signatures", f"All signatures of {name}", name),
        f"/v1/models/{name}:predict": {
            "post": _operation(
                f"{name}-predict",
                f"Predict with {name}, as TensorFlow Serving",
                name,
                body=predict_schema(manifest),
                example=predict_example(manifest),
            )
        },
        f"/v2/models/{name}": _got(f"{name}-metadata", f"The inputs and outputs of {name}", name),
        f"/v2/models/{name}/config": _got(f"{name}-config", "The same as a configuration of Triton's", name),
        f"/v2/models/{name}/stats": _got(
            f"{name}-statistics", f"What this environment answered of {name} so far", name
        ),
        f"/v2/models/{name}/ready": _got(f"{name}-ready", f"Whether {name} can answer", name),
        f"/v2/models/{name}/infer": {
            "post": _operation(
                f"{name}-infer",
                f"Predict with {name}, by the Open Inference Protocol",
                name,
                body=infer_schema(manifest),
                example=infer_example(manifest),
            )
        },
    }


def _sagemaker_paths(manifest: Manifest) -> dict[str, Any]:
    invocation = _operation(
        "invocations",
        "Predict, as a container of SageMaker's. CSV and npy go in and out, too",
        manifest.model,
        body={"anyOf": [predict_schema(manifest), {"type": "array"}]},
        example=predict_example(manifest),
    )
    further = {"406": _failure("`Accept` names no form of an answer."), "415": _failure("The body is of another type.")}
    return {
        "/invocations": {"post": {**invocation, "responses": {**invocation["responses"], **further}}},
        "/ping": _got("ping", "Whether the model can answer"),
    }


def _got(identifier: str, summary: str, tag: str = "server") -> dict[str, Any]:
    return {"get": _operation(identifier, summary, tag)}


def _operation(
    identifier: str,
    summary: str,
    tag: str = "server",
    *,
    body: Mapping[str, Any] | None = None,
    example: Any = None,
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
        content = {"schema": body} | ({} if example is None else {"example": example})
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    return found


def _failure(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
