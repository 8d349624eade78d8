"""Requests made from a model's signature, in both dialects: whole HTTP messages, ready to be sent again and again."""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

import numpy as np

Dialect = Literal["v1", "v2"]

ANY_SIZE = 1
"""The size of a dimension that may have any."""
ANSWER_SECONDS = 60


class LoadRequest(NamedTuple):
    """A prediction that is asked for."""

    model: str
    dialect: Dialect
    body: bytes

    @property
    def path(self) -> str:
        """Where the model predicts."""
        return f"/v1/models/{self.model}:predict" if self.dialect == "v1" else f"/v2/models/{self.model}/infer"


def parsed(url: str) -> SplitResult:
    """The URL of an API. Raises ValueError if it is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"{url!r} is no URL of an API; write one such as https://abc123.execute-api.eu-west-1.amazonaws.com"
        )
    return parts


def metadata(url: str, model: str, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """What the API says of a model's default signature. Raises ValueError if it does not say it."""
    parts = parsed(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    path = f"{parts.path.rstrip('/')}/v2/models/{model}"
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        content = answer.read()
    except OSError as error:
        raise ValueError(f"{url} does not answer: {error}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(f"GET {path} is answered with {answer.status}: {content[:300].decode(errors='replace')}")
    return json.loads(content)


def load_request(model: str, document: Mapping[str, Any], dialect: Dialect, seed: int = 0) -> LoadRequest:
    """A prediction for one example of random numbers, by the metadata of a model."""
    random = np.random.default_rng(seed)
    if dialect == "v2":
        inputs = [_tensor(each, random) for each in document["inputs"]]
        return LoadRequest(model=model, dialect=dialect, body=_json({"inputs": inputs}))
    named = {each["name"]: _nested(each, random) for each in document["inputs"]}
    return LoadRequest(model=model, dialect=dialect, body=_json({"inputs": named}))


def http_message(url: str, request: LoadRequest, headers: Mapping[str, str]) -> bytes:
    """A request as it is sent."""
    parts = parsed(url)
    given = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(request.body)),
        **headers,
    }
    lines = [f"POST {parts.path.rstrip('/')}{request.path} HTTP/1.1", *(f"{k}: {v}" for k, v in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + request.body


def _tensor(spec: Mapping[str, Any], random: np.random.Generator) -> dict[str, Any]:
    shape, values = _values(spec, random)
    return {"name": spec["name"], "shape": shape, "datatype": spec["datatype"], "data": values.reshape(-1).tolist()}


def _nested(spec: Mapping[str, Any], random: np.random.Generator) -> Any:
    _, values = _values(spec, random)
    return values.tolist()


def _values(spec: Mapping[str, Any], random: np.random.Generator) -> tuple[list[int], Any]:
    """The shape and the elements of an input: random numbers, zeros of integers, a short text of strings."""
    shape = [ANY_SIZE if int(size) < 0 else int(size) for size in spec["shape"]]
    datatype: str = spec["datatype"]
    if datatype.startswith(("FP", "BF")):
        return shape, random.random(shape).round(4)
    if datatype == "BYTES":
        return shape, np.full(shape, "a")
    if datatype == "BOOL":
        return shape, np.zeros(shape, bool)
    return shape, np.zeros(shape, int)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def mix(messages: Sequence[bytes], shares: Sequence[float], count: int, seed: int) -> Sequence[int]:
    """Which message each of `count` requests is, at random by their shares."""
    return np.random.default_rng(seed).choice(len(messages), count, p=shares).tolist()
