"""The Open Inference Protocol, version 2, over REST: `/v2/...`, in Triton's words.

What answers without a model is here. Tensors are in `open_inference_tensors`.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from handlers.manifest import Manifest
from handlers.serving.dialects import Call, Inference, Models, Operation, answer_at
from handlers.serving.dialects.json_text import error_response, json_response, of_version
from handlers.serving.dialects.uncollected import uncollected
from handlers.serving.errors import (
    InvalidJson,
    InvalidRequest,
    MethodNotAllowed,
    ModelUnavailable,
    NotServed,
    ServingError,
    UnknownModel,
    UnknownVersion,
)
from handlers.serving.events import Request, Response

if TYPE_CHECKING:
    import numpy as np

    from handlers.serving.dialects.open_inference_tensors import AnswerForm

NAME = "open_inference"

HEADER_LENGTH = "inference-header-content-length"
"""The header that says how many bytes of the body are JSON. Raw tensors follow. Without it, all of the body is JSON."""

SERVER_NAME = "tensorflow-lambda"
SERVER_VERSION = "0.1.0"
EXTENSIONS = ("binary_tensor_data", "model_configuration", "parameters", "statistics")

_SERVER_PATHS: Mapping[str, Operation] = {
    "/v2": "server",
    "/v2/": "server",
    "/v2/health/live": "live",
    "/v2/health/ready": "ready",
    "/v2/models": "models",
    "/v2/models/stats": "statistics",
    "/v2/repository/index": "index",
}
_MODEL = r"/v2/models/(?P<model>[^/]+)(?:/versions/(?P<version>[^/]+))?(?:/(?P<action>[a-z.]+))?"
"""A regular expression, which is compiled when the first request needs it."""
_ACTIONS: Mapping[str | None, Operation] = {
    None: "metadata",
    "config": "config",
    "infer": "predict",
    "openapi.json": "document",
    "ready": "model_ready",
    "stats": "statistics",
}


def route(method: str, path: str) -> Call:
    """See `Dialect.route`."""
    operation = _SERVER_PATHS.get(path)
    if operation is not None:
        return _allowed(method, path, Call(operation))
    match = re.fullmatch(_MODEL, path)
    if match is None and (call := answer_at(path)) is not None:
        return _allowed(method, path, call)
    if match is None or match["action"] not in _ACTIONS or (match["version"] and match["action"] == "openapi.json"):
        raise NotServed(f"Nothing is at {path}; models answer at /v2/models/NAME, /config, /infer, /ready and /stats")
    version = match["version"]
    if version is not None and not (version.isascii() and version.isdigit() and len(version) < 19):
        raise InvalidRequest(f"failed to get model version from specified version string {version!r}")
    number = None if version is None else int(version)
    return _allowed(method, path, Call(_ACTIONS[match["action"]], unquote(match["model"]), number))


def describe(call: Call, request: Request, models: Models) -> Response:
    """See `Dialect.describe`."""
    match call.operation:
        case "server":
            return json_response({"name": SERVER_NAME, "version": SERVER_VERSION, "extensions": EXTENSIONS})
        case "live":
            return json_response({"live": True})
        case "ready":
            ready = models.is_ready()
            return json_response({"live": True, "ready": ready}, 200 if ready else 503)
        case "models":
            return json_response({"models": models.listed()})
        case "model_ready":
            manifest = models.find(call.model, call.version)
            if why := models.reason(manifest):
                raise ModelUnavailable(f"'{call.model}' version {manifest.version} is not at ready state: {why}")
            return of_version(manifest, json_response({"name": call.model, "ready": True}))
        case _:
            return _describe_models(call, request, models)


def _describe_models(call: Call, request: Request, models: Models) -> Response:
    from handlers.serving.dialects import open_inference_models as about  # late: no prediction needs it

    match call.operation:
        case "index":
            return json_response(about.index(request, models))
        case "statistics":
            return json_response(about.statistics(call, models))
        case "document":
            from handlers.serving.dialects import openapi

            return openapi.describe(call, request, models)
        case _:
            manifest = models.find(call.model, call.version)
            describe = about.configuration if call.operation == "config" else about.metadata
            return of_version(manifest, json_response(describe(manifest, models)))


@uncollected
def decode(request: Request, manifest: Manifest) -> "Inference[AnswerForm]":
    """See `Dialect.decode`."""
    from handlers.serving.dialects import open_inference_tensors  # late: it needs numpy

    return open_inference_tensors.decode(request, manifest)


@uncollected
def encode(inference: "Inference[AnswerForm]", outputs: "Mapping[str, np.ndarray]", manifest: Manifest) -> Response:
    """See `Dialect.encode`."""
    from handlers.serving.dialects import open_inference_tensors

    return open_inference_tensors.encode(inference, outputs, manifest)


def fail(error: ServingError) -> Response:
    """See `Dialect.fail`."""
    return error_response(error, _wording(error))


def _allowed(method: str, path: str, call: Call) -> Call:
    expected = "POST" if call.operation in ("predict", "index") else "GET"
    if method != expected:
        raise MethodNotAllowed(method, path, (expected,))
    return call


def _wording(error: ServingError) -> str:
    match error:
        case UnknownModel():
            return f"Request for unknown model: '{error.model}' is not found{error.reason and f': {error.reason}'}"
        case InvalidJson():
            return f"failed to parse the request JSON buffer: {error.reason} at {error.offset}"
        case UnknownVersion():
            return f"Request for unknown model: '{error.model}' version {error.version} is not found"
        case _:
            return str(error)
