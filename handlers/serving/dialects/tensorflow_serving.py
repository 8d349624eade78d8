"""TensorFlow Serving's REST API: `/v1/models/...`, with the answers and the errors of its model server."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from handlers.manifest import DEFAULT_SIGNATURE, Default, Manifest, TensorSpec
from handlers.serving.dialects import Call, Inference, Models, answer_at
from handlers.serving.dialects.json_text import error_response, is_json, of_version, parse_object
from handlers.serving.dialects.uncollected import uncollected
from handlers.serving.errors import (
    InvalidRequest,
    NotServed,
    ServingError,
    UnknownModel,
    UnknownSignature,
    UnknownVersion,
    Unsupported,
    show,
)
from handlers.serving.events import Request, Response

if TYPE_CHECKING:
    import numpy as np

    from handlers.serving.dialects.rows_and_columns import Layout

NAME = "tensorflow_serving"

_VERSION_OR_LABEL = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
# TensorFlow Serving accepts any case. API Gateway, which finds the function of a model by the path, accepts only this.
_ACTION = rf"/v1/models/(?P<model>[^/:]+){_VERSION_OR_LABEL}:(?P<action>classify|regress|predict)"
_QUERY = rf"/v1/models(?:/(?P<model>[^/:]+))?{_VERSION_OR_LABEL}(?P<metadata>/metadata)?"
_PATHS = {"GET": _QUERY, "POST": _ACTION}
"""Regular expressions. One is compiled when the first request needs it."""

_LARGEST_VERSION = 2**63 - 1

_ERROR = b'{\n    "error": %b\n}'
"""How an error is laid out."""

_DATA_TYPES = {"float32": "DT_FLOAT", "float64": "DT_DOUBLE", "float16": "DT_HALF"}


def route(method: str, path: str) -> Call:
    """See `Dialect.route`."""
    match = re.fullmatch(_PATHS[method], path) if method in _PATHS else None
    if match is None:
        if method == "GET" and (call := answer_at(path)) is not None:
            return call
        raise InvalidRequest(f"Malformed request: {method} {path}")
    model, label = match["model"], match["label"]
    if not model:
        raise InvalidRequest("Missing model name in request.")
    name = unquote(model)
    if method == "GET":
        operation = "metadata" if match["metadata"] else "status"
    elif match["action"] != "predict":
        raise Unsupported(f"{match['action']} is not served; POST /v1/models/{model}:predict is")
    else:
        operation = "predict"
    return Call(operation, name, _version(match["version"]), unquote(label) if label else None)


def describe(call: Call, request: Request, models: Models) -> Response:
    """See `Dialect.describe`."""
    if call.operation == "metadata":
        manifest = models.find(call.model, call.version, call.label)
        return of_version(manifest, _metadata_response(manifest))
    try:
        if call.version is None:
            versions = models.versions(call.model)
        else:
            versions = [models.find(call.model, call.version).version]
    except (UnknownModel, UnknownVersion) as error:
        wanted = "any versions" if call.version is None else f"version {call.version}"
        because = _because(error) if isinstance(error, UnknownModel) else ""
        raise _not_found(f"Could not find {wanted} of model {call.model}{because}", error) from None
    statuses = [_version_status(call.model, version, models) for version in versions]
    return Response(200, _as_protobuf({"model_version_status": statuses}).encode())


@uncollected
def decode(request: Request, manifest: Manifest) -> "Inference[Layout]":
    """See `Dialect.decode`."""
    if not is_json(request):
        from handlers.serving.dialects import whole_body  # late: few bodies are no JSON

        return whole_body.decode(request, manifest)
    document = parse_object(request.body, request.room)
    name = document.get("signature_name", DEFAULT_SIGNATURE)
    if type(name) is not str:
        raise InvalidRequest(
            f"JSON Value: {show(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    name = name or DEFAULT_SIGNATURE
    if name not in manifest.signatures:
        raise UnknownSignature(name, tuple(manifest.signatures))
    from handlers.serving.dialects import rows_and_columns  # late: it needs numpy

    return rows_and_columns.decode(document, name, manifest.signatures[name])


@uncollected
def encode(inference: "Inference[Layout]", outputs: "Mapping[str, np.ndarray]", manifest: Manifest) -> Response:
    """See `Dialect.encode`."""
    from handlers.serving.dialects import rows_and_columns

    return Response(200, rows_and_columns.encode(inference, outputs))


def fail(error: ServingError) -> Response:
    """See `Dialect.fail`."""
    return error_response(error, _wording(error), _ERROR)


def _wording(error: ServingError) -> str:
    match error:
        case UnknownModel():
            wanted = f"Latest({error.model})" if error.version is None else f"Specific({error.model}, {error.version})"
            return f"Servable not found for request: {wanted}{_because(error)}"
        case UnknownVersion():
            return f"Servable not found for request: Specific({error.model}, {error.version})"
        case UnknownSignature():
            return f'Serving signature name: "{error.signature}" not found in signature def'
        case _:
            return str(error)


def _because(error: UnknownModel) -> str:
    return f": {error.reason}" if error.reason else ""


def _not_found(message: str, error: ServingError) -> NotServed:
    """The same error in the words of a status request."""
    found = NotServed(message)
    found.is_fault = error.is_fault
    return found


def _version(digits: str | None) -> int | None:
    if digits is None:
        return None
    if len(digits) > 19 or int(digits) > _LARGEST_VERSION:
        raise InvalidRequest(f"Failed to convert version: {digits} to numeric.")
    return int(digits)


def _version_status(model: str, version: int, models: Models) -> dict[str, Any]:
    state, code, message = "AVAILABLE", "OK", ""
    try:
        manifest = models.manifest(model, version)
        if (found := models.state(manifest)) == "FAILED":
            state, code, message = "END", "UNAVAILABLE", models.reason(manifest)
        else:
            state = found
    except ServingError as error:
        state, code, message = "END", error.code, str(error)
    return {"version": str(version), "state": state, "status": {"error_code": code, "error_message": message}}


def _as_protobuf(message: Mapping[str, Any]) -> str:
    """A message as protobuf writes it in JSON, over lines."""
    return json.dumps(message, indent=1, ensure_ascii=False) + "\n"


def _metadata_response(manifest: Manifest) -> Response:
    definitions = {
        name: {
            "inputs": {key: _tensor_info(spec) for key, spec in signature.inputs.items()},
            "outputs": {key: _tensor_info(spec) for key, spec in signature.outputs.items()},
            "method_name": signature.method_name,
            "defaults": {key: _tensor_proto(value, signature.inputs[key]) for key, value in signature.defaults.items()},
        }
        for name, signature in manifest.signatures.items()
    }
    spec = _as_protobuf({"name": manifest.model, "signature_name": "", "version": str(manifest.version)})
    signatures = _as_protobuf({"signature_def": definitions})
    # TensorFlow Serving joins the texts of two messages, too.
    text = f'{{\n"model_spec":{spec},\n"metadata": {{"signature_def": {signatures}}}\n}}\n'
    return Response(200, text.encode())


def _tensor_proto(default: Default, spec: TensorSpec) -> dict[str, Any]:
    """A default as protobuf writes a TensorProto in JSON."""
    content = {"string_val": default["strings"]} if "strings" in default else {"tensor_content": default["content"]}
    shape = {"dim": [{"size": str(size), "name": ""} for size in default["shape"]], "unknown_rank": False}
    return {"dtype": _tensor_info(spec)["dtype"], "tensor_shape": shape, **content}


def _tensor_info(spec: TensorSpec) -> dict[str, Any]:
    return {
        "dtype": _DATA_TYPES.get(spec.dtype, f"DT_{spec.dtype.upper()}"),
        "tensor_shape": {
            "dim": [{"size": str(size), "name": ""} for size in spec.shape or ()],
            "unknown_rank": spec.shape is None,
        },
        "name": spec.tensor,
    }
