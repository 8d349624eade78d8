"""Lambda events that carry requests to the models of `tests.hardening.models`."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

JSON_HEADERS = {"content-type": "application/json"}
HEADER_LENGTH = "inference-header-content-length"
LARGEST = 5_800_000
"""Bytes of a body that a request can just hold."""


def http(path: str, body: str | bytes | None, headers: Mapping[str, Any] = JSON_HEADERS, method: str = "POST") -> Any:
    """What an HTTP API sends; bytes go as base64."""
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": dict(headers),
        "requestContext": {"http": {"method": method}, "stage": "$default"},
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
    }


def predict(body: Any, model: str = "float32") -> Any:
    """TensorFlow Serving's `:predict`; the body is text, or a document."""
    return http(f"/v1/models/{model}:predict", body if isinstance(body, str) else json.dumps(body))


def infer(body: Any, model: str = "float32") -> Any:
    """The Open Inference Protocol's `infer`, all of it JSON; the body is text, or a document."""
    return http(f"/v2/models/{model}/infer", body if isinstance(body, str) else json.dumps(body))


def infer_binary(document: Any, content: bytes, model: str = "float32") -> Any:
    """The Open Inference Protocol's `infer` with raw tensors after the JSON."""
    header = json.dumps(document).encode()
    return http(f"/v2/models/{model}/infer", header + content, {HEADER_LENGTH: str(len(header))})


def zipped(event: Any) -> Any:
    """The same request with its body compressed."""
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()
    packed = gzip.compress(body, mtime=0)
    headers = {**event["headers"], "content-encoding": "gzip"}
    return {**event, "headers": headers, "body": base64.b64encode(packed).decode(), "isBase64Encoded": True}


def tensor(**changes: Any) -> dict[str, Any]:
    """A document with one input."""
    return {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1.0]} | changes]}


def raw(datatype: str, shape: list[int], size: int) -> dict[str, Any]:
    """A document with one input whose bytes follow it."""
    given = {"name": "x", "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}}
    return {"inputs": [given]}


def filled(start: str, piece: str, end: str, size: int = LARGEST) -> str:
    """A text of about so many bytes, of one piece repeated; the last one has no comma behind it."""
    return f"{start}{piece * (size // len(piece))}".rstrip(",") + end
