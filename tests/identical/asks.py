"""The requests to every stack: valid and invalid ones, in both dialects, for every sample model and for none."""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from local.held_out import HeldOut, shortest
from tests.identical.exchange import Ask, get, post

UNKNOWN = "zebra"


def asks_of_the_server() -> Iterator[Ask]:
    for path in ("/v2", "/v2/", "/v2/health/live", "/v2/health/ready", "/v2/health", "/v2/health/ready/"):
        yield get(path)
    for path in ("/v1", "/v1/", "/v1/models", "/v1/models/", "/v2/models", "/v2/models/", "/v3", "/", "/v1/other"):
        yield get(path)
        yield post(path, {"instances": [1]})
    for path in ("/v2", "/v2/health/live", "/v2/health/ready"):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            yield Ask(method=method, path=path)


def asks_of_no_model() -> Iterator[Ask]:
    for name in (
        UNKNOWN,
        "Iris",
        "ir",
        "iris2",
        "iris%20",
        "ir%69s",
        "ir%69s%2f1",
        "..",
        "%2e%2e",
        "a" * 200,
        "größe",
        "iris.1",
    ):
        name = "".join(each if each.isascii() else "".join(f"%{byte:02x}" for byte in each.encode()) for each in name)
        for path in (f"/v1/models/{name}", f"/v1/models/{name}/metadata", f"/v2/models/{name}"):
            yield get(path)
        yield get(f"/v2/models/{name}/ready")
        yield post(f"/v1/models/{name}:predict", {"instances": [[1.0]]})
        yield post(f"/v2/models/{name}/infer", {"inputs": []})
    for path in ("/v1/Models/iris", "/V1/models/iris", "/v2/Models/iris", "/v1//models/iris", "/v1/models//iris"):
        yield get(path)
    yield post("/v1/models:predict", {"instances": [1]})
    yield post(f"/v1/models/{UNKNOWN}:predict", {})
    yield Ask(method="POST", path=f"/v1/models/{UNKNOWN}:predict", body=b"{")


def asks_of_a_model(held_out: HeldOut, versions: tuple[int, ...]) -> Iterator[Ask]:
    """`versions`: some that the pointer names, some that it does not name, and some that do not exist."""
    yield from _descriptions(held_out.model, versions)
    yield from _wrong_methods(held_out.model)
    for signature in held_out.signatures:
        yield from _predictions(held_out, signature)
    yield from _malformed_predictions(held_out)
    yield from _predictions_of_versions(held_out, versions)
    if held_out.arrays[held_out.input_of(held_out.signatures[0])].dtype.kind == "f":
        yield from _inferences(held_out)


def _descriptions(model: str, versions: tuple[int, ...]) -> Iterator[Ask]:
    for path in (
        f"/v1/models/{model}",
        f"/v1/models/{model}/metadata",
        f"/v1/models/{model}/",
        f"/v1/models/{model}/x",
    ):
        yield get(path)
    for path in (f"/v2/models/{model}", f"/v2/models/{model}/", f"/v2/models/{model}/ready", f"/v2/models/{model}/x"):
        yield get(path)
    for version in (*versions, "one", "-1", "0", "01", "1e1", "9" * 30):
        yield get(f"/v1/models/{model}/versions/{version}")
        yield get(f"/v1/models/{model}/versions/{version}/metadata")
        yield get(f"/v2/models/{model}/versions/{version}")
        yield get(f"/v2/models/{model}/versions/{version}/ready")
    for label in ("stable", "canary", "none"):
        yield get(f"/v1/models/{model}/labels/{label}")
        yield get(f"/v1/models/{model}/labels/{label}/metadata")


def _wrong_methods(model: str) -> Iterator[Ask]:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        yield Ask(method=method, path=f"/v1/models/{model}:predict")
        yield Ask(method=method, path=f"/v2/models/{model}/infer")
    for method in ("POST", "PUT", "DELETE"):
        yield Ask(method=method, path=f"/v1/models/{model}", body=b"{}")
        yield Ask(method=method, path=f"/v2/models/{model}", body=b"{}")
    for verb in ("classify", "regress", "PREDICT", "train", ""):
        yield post(f"/v1/models/{model}:{verb}", {"instances": [1]})


def _predictions(held_out: HeldOut, signature: str) -> Iterator[Ask]:
    path, name = f"/v1/models/{held_out.model}:predict", held_out.input_of(signature)
    for start, stop in ((0, 1), (1, 4), (0, 20)):
        rows = held_out.predict_body(signature, start, stop)
        yield post(path, rows)
        yield post(path, {**rows, "instances": [{name: row} for row in rows["instances"]]})
        columns = {key: value for key, value in rows.items() if key != "instances"}
        yield post(path, {**columns, "inputs": rows["instances"]})
        yield post(path, {**columns, "inputs": {name: rows["instances"]}})
        yield Ask(method="POST", path=path, body=json.dumps(rows, indent=2).encode(), headers={})
        yield Ask(
            method="POST",
            path=path,
            body=gzip.compress(json.dumps(rows).encode(), mtime=0),
            headers={"content-encoding": "gzip", "content-type": "application/octet-stream"},
        )


def _malformed_predictions(held_out: HeldOut) -> Iterator[Ask]:
    path, infer = f"/v1/models/{held_out.model}:predict", f"/v2/models/{held_out.model}/infer"
    name = held_out.input_of(held_out.signatures[0])
    [row] = held_out.predict_body(held_out.signatures[0], 0, 1)["instances"]
    for body in (None, b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"instances"', b"{}", b'{"instances": []}', b"NaN"):
        yield Ask(method="POST", path=path, body=body)
        yield Ask(method="POST", path=infer, body=body)
    instances: list[Any] = [
        *([[]], [[row]], [row, row[:-1]], [1.0], ["text"], [None], [{}], [{"other": row}], [{name: row, "x": 1}]),
        *({"a": 1}, "text", 3, [True], [{"b64": "!"}], [{"b64": base64.b64encode(b"no image").decode()}]),
    ]
    for value in instances:
        yield post(path, {"instances": value})
        yield post(path, {"inputs": value})
    rows = {"instances": [row]}
    for extra in ({"inputs": [row]}, {"signature_name": "none"}, {"signature_name": 3}, {"signature_name": ""}):
        yield post(path, {**rows, **extra})
    for headers in ({"content-encoding": "gzip"}, {"content-encoding": "br"}):
        yield Ask(method="POST", path=path, body=json.dumps(rows).encode(), headers=headers)


def _predictions_of_versions(held_out: HeldOut, versions: tuple[int, ...]) -> Iterator[Ask]:
    body = held_out.predict_body(held_out.signatures[0], 0, 1)
    for version in versions:
        yield post(f"/v1/models/{held_out.model}/versions/{version}:predict", body)
        yield post(f"/v2/models/{held_out.model}/versions/{version}/infer", {"inputs": []})
    for label in ("stable", "canary", "none"):
        yield post(f"/v1/models/{held_out.model}/labels/{label}:predict", body)


def _inferences(held_out: HeldOut) -> Iterator[Ask]:
    path, name = f"/v2/models/{held_out.model}/infer", held_out.input_of(held_out.signatures[0])
    example = np.ascontiguousarray(held_out.arrays[name][:2], np.float32)
    tensor = {"name": name, "shape": list(example.shape), "datatype": "FP32"}
    data = shortest(example).reshape(-1).tolist()
    yield post(path, {"inputs": [{**tensor, "data": data}]})
    yield post(path, {"id": "seven", "inputs": [{**tensor, "data": data}]})
    for change in (
        *({"datatype": "FP64"}, {"datatype": "BYTES"}, {"datatype": "FLOAT"}, {"name": "other"}, {"data": data[:-1]}),
        *({"shape": [1, 2]}, {"shape": []}, {"shape": "x"}, {"shape": [-1]}, {"data": "x"}, {"data": [None]}),
    ):
        yield post(path, {"inputs": [{**tensor, "data": data, **change}]})
    for outputs in ([{"name": "none"}], [{}], "x", [{"name": "probabilities", "parameters": {"binary_data": True}}]):
        yield post(path, {"inputs": [{**tensor, "data": data}], "outputs": outputs})
    yield from _binary_inferences(path, tensor, example.tobytes())


def _binary_inferences(path: str, tensor: dict[str, Any], content: bytes) -> Iterator[Ask]:
    for claimed, sent in ((len(content), content), (len(content) - 4, content), (len(content), content[:-4])):
        header = {"inputs": [{**tensor, "parameters": {"binary_data_size": claimed}}]}
        for parameters in ({}, {"parameters": {"binary_data_output": True}}):
            document = json.dumps({**header, **parameters}).encode()
            for length in (len(document), len(document) + 10_000, "x"):
                yield Ask(
                    method="POST",
                    path=path,
                    body=document + sent,
                    headers={
                        "content-type": "application/octet-stream",
                        "inference-header-content-length": str(length),
                    },
                )


def is_damaged_on_the_way(ask: Ask) -> bool:
    """Whether an HTTP API takes a body for text that is none: it then puts U+FFFD in the place of what is no UTF-8."""
    is_text = ask.headers.get("content-type") == "application/json" and "content-encoding" not in ask.headers
    return is_text and b"\xff" in (ask.body or b"")
