"""Request: one request before it is an event, so that every part of it can be broken by itself."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from handlers.serving.dialects.datatypes import DATATYPES
from tests.hardening.events import HEADER_LENGTH

Sender = Literal["http", "rest", "balancer", "balancer with lists", "direct"]
Wire = Literal["rows", "named rows", "columns", "named columns", "flat data", "nested data", "raw"]

TENSORFLOW_SERVING: tuple[Wire, ...] = ("rows", "named rows", "columns", "named columns")
Arrays = Mapping[str, np.ndarray]


@dataclass
class Request:
    """A request and how it is sent."""

    model: str
    wire: Wire
    document: Any
    content: bytes = b""
    """Raw tensors after the JSON."""
    sender: Sender = "http"
    is_zipped: bool = False
    headers: dict[str, Any] = field(default_factory=dict[str, Any])
    text: bytes | None = None
    """The JSON where it is not what `document` is written as."""
    event_changes: dict[str, Any] = field(default_factory=dict[str, Any])

    def event(self) -> Any:
        """The event that carries it."""
        if self.sender == "direct":
            return {"model": self.model, **self.document, **self.event_changes}
        header = json.dumps(self.document).encode() if self.text is None else self.text
        body = header + self.content
        headers = dict(self.headers)
        if self.wire == "raw":
            headers = {HEADER_LENGTH: str(len(header)), **headers}
        if self.is_zipped:
            body, headers = gzip.compress(body, 1, mtime=0), {"content-encoding": "gzip", **headers}
        sent = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        if not (self.is_zipped or self.content or self.text is not None):
            sent = {"body": body.decode(), "isBase64Encoded": False}
        return {**self._envelope(headers), **sent, **self.event_changes}

    def _envelope(self, headers: Mapping[str, Any]) -> dict[str, Any]:
        dialect = "/v1/models/{}:predict" if self.wire in TENSORFLOW_SERVING else "/v2/models/{}/infer"
        path = dialect.format(self.model)
        if self.sender == "http":
            context = {"http": {"method": "POST"}, "stage": "$default"}
            return {"version": "2.0", "rawPath": path, "headers": headers, "requestContext": context}
        context = {"elb": {}} if self.sender.startswith("balancer") else {"stage": "prod"}
        event = {"httpMethod": "POST", "path": path, "requestContext": context}
        if self.sender == "balancer with lists":
            return {**event, "multiValueHeaders": {name: [value] for name, value in headers.items()}}
        return {**event, "headers": headers}


def encode(model: str, wire: Wire, arrays: Arrays, dtypes: Mapping[str, str], *, binary_answer: bool) -> Request:
    """The request with these inputs."""
    if wire in TENSORFLOW_SERVING:
        return Request(model, wire, _document(wire, arrays))
    inputs: list[dict[str, Any]] = []
    content: list[bytes] = []
    for name, array in arrays.items():
        part: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": DATATYPES[dtypes[name]]}
        if wire == "raw":
            content.append(raw(array))
            part["parameters"] = {"binary_data_size": len(content[-1])}
        else:
            part["data"] = plain(array.reshape(-1) if wire == "flat data" else array)
        inputs.append(part)
    parameters = {"binary_data_output": binary_answer}
    return Request(model, wire, {"parameters": parameters, "inputs": inputs}, b"".join(content))


def _document(wire: Wire, arrays: Arrays) -> dict[str, Any]:
    columns = {name: plain(array) for name, array in arrays.items()}
    match wire:
        case "columns":
            return {"inputs": next(iter(columns.values()))}
        case "named columns":
            return {"inputs": columns}
        case "rows":
            return {"instances": next(iter(columns.values()))}
        case _:
            rows = zip(*columns.values(), strict=True)
            return {"instances": [dict(zip(columns, values, strict=True)) for values in rows]}


def plain(array: np.ndarray) -> Any:
    """An array as JSON has it; bytes as base64."""
    return _encoded(array.tolist()) if array.dtype == object else array.tolist()


def _encoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    return {"b64": base64.b64encode(value).decode()}


def raw(array: np.ndarray) -> bytes:
    """An array as raw tensors have it."""
    if array.dtype != object:
        return array.tobytes()
    return b"".join(len(value).to_bytes(4, "little") + value for value in array.reshape(-1))


def decode(request: Request, answer: Any, expected: Arrays) -> dict[str, np.ndarray]:
    """The outputs in an answer, with the dtypes of the expected ones."""
    if request.sender == "direct":
        return _from_columns(answer, expected)
    headers: Mapping[str, Any] = answer.get("headers") or {k: v for k, [v] in answer["multiValueHeaders"].items()}
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    if request.wire in TENSORFLOW_SERVING:
        return _from_columns(json.loads(body), expected)
    length = int(headers.get(HEADER_LENGTH, len(body)))
    return _from_tensors(json.loads(body[:length])["outputs"], body[length:], expected)


def _from_columns(document: Any, expected: Arrays) -> dict[str, np.ndarray]:
    if "outputs" in document:
        columns = document["outputs"] if len(expected) > 1 else {next(iter(expected)): document["outputs"]}
    elif len(expected) > 1:
        columns = {name: [row[name] for row in document["predictions"]] for name in expected}
    else:
        columns = {next(iter(expected)): document["predictions"]}
    return {name: _array(columns[name], array, array.shape) for name, array in expected.items()}


def _from_tensors(parts: Sequence[Any], content: bytes, expected: Arrays) -> dict[str, np.ndarray]:
    outputs: dict[str, np.ndarray] = {}
    for part in parts:
        like = expected[part["name"]]
        if "data" in part:
            outputs[part["name"]] = _array(part["data"], like, part["shape"])
            continue
        size = part["parameters"]["binary_data_size"]
        mine, content = content[:size], content[size:]
        array = np.array(_split(mine), object) if like.dtype == object else np.frombuffer(mine, like.dtype)
        outputs[part["name"]] = array.reshape(part["shape"])
    return outputs


def _array(values: Any, like: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    if like.dtype != object:
        return np.array(values, like.dtype).reshape(shape)
    array = np.empty(int(np.prod(shape)), object)
    array[:] = [_as_bytes(value) for value in _flat(values)]
    return array.reshape(shape)


def _flat(values: Any) -> list[Any]:
    return [leaf for value in values for leaf in _flat(value)] if isinstance(values, list) else [values]


def _as_bytes(value: Any) -> bytes:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value.encode()


def _split(content: bytes) -> list[bytes]:
    found: list[bytes] = []
    while content:
        end = 4 + int.from_bytes(content[:4], "little")
        found.append(content[4:end])
        content = content[end:]
    return found
