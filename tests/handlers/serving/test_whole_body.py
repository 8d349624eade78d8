"""Bodies that are one value instead of JSON: images as they are, and as the file of a form."""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.handlers.serving.conftest import Context, Model, Server, half_plus, tensor

PNG = b"\x89PNG\r\n\x1a\n\x00--b\r\n\xff{"
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    + PNG
    + b"\r\n--b--\r\n"
)
PATHS = ("/v1/models/{}:predict", "/v2/models/{}/infer")


def sizes() -> Model:
    """Answers the length of each string."""
    return Model(
        {"image": tensor("string", -1)},
        {"size": tensor("int32", -1)},
        lambda image: {"size": np.array([len(each) for each in image], np.int32)},
    )


def two() -> Model:
    named = {"a": tensor("int32", -1), "b": tensor("int32", -1)}
    return Model(named, {"y": tensor("int32", -1)}, lambda a, b: {"y": a + b})


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve({"sizes": sizes(), "m": half_plus(2), "two": two()})


def send(server: Server, path: str, body: bytes, content_type: str) -> tuple[int, Any]:
    event = {
        "rawPath": path,
        "headers": {"content-type": content_type},
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    answer = server.app.handle(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def size_in(answer: Any) -> int:
    return answer["predictions"][0] if "predictions" in answer else answer["outputs"][0]["data"][0]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("image/png", PNG),
        ("application/octet-stream", PNG),
        ("text/plain", b"x" * len(PNG)),
        ("multipart/form-data; boundary=b", FORM),
        ('multipart/form-data; boundary="b"', FORM),
    ],
)
def test_bytes_as_they_are_are_the_input_of_a_signature_that_takes_one_string(
    server: Server, path: str, content_type: str, body: bytes
) -> None:
    status, answer = send(server, path.format("sizes"), body, content_type)
    assert (status, size_in(answer)) == (200, len(PNG))


@pytest.mark.parametrize("path", PATHS)
def test_json_is_json_whatever_its_type_is_said_to_be(server: Server, path: str) -> None:
    column = {"name": "x", "datatype": "FP32", "shape": [1], "data": [1.0]}
    body = json.dumps({"instances": [1.0], "inputs": [column]} if "v2" in path else {"instances": [1.0]}).encode()
    for kind in ("application/x-www-form-urlencoded", "text/plain", "application/octet-stream", "image/png"):
        for before in (b"", b" \n", b"\xef\xbb\xbf"):
            assert send(server, path.format("m"), before + body, kind)[0] == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("content_type", "body", "says"),
    [
        ("image/png", PNG, '{"b64": "..."} stands for bytes'),
        ("multipart/form-data; boundary=b", FORM, "multipart/form-data"),
        ("application/x-www-form-urlencoded", b"instances=%5B1%5D", "read as JSON, and it is none"),
    ],
)
def test_a_body_that_no_signature_takes_is_refused_with_what_to_send(
    server: Server, path: str, content_type: str, body: bytes, says: str
) -> None:
    status, answer = send(server, path.format("m"), body, content_type)
    assert status == 415
    assert content_type.split(";")[0] in answer["error"]
    assert says in answer["error"]


@pytest.mark.parametrize(
    ("content_type", "body", "says"),
    [
        ("multipart/form-data", FORM, "names no boundary"),
        ("multipart/form-data; boundary=other", FORM, "not the whole form"),
        ("multipart/form-data; boundary=b", FORM[:-4], "not the whole form"),
        ("multipart/form-data; boundary=b", FORM.replace(b'name="note"', b'name="note"; filename="n"'), "(note, file)"),
    ],
)
def test_a_form_that_is_damaged_or_has_several_files_is_refused(
    server: Server, content_type: str, body: bytes, says: str
) -> None:
    status, answer = send(server, "/v1/models/sizes:predict", body, content_type)
    assert status == 400
    assert says in answer["error"]


def test_a_wrong_value_names_its_input(server: Server) -> None:
    status, answer = server.predict({"inputs": {"a": [1], "b": ["x"]}}, "two")
    assert status == 400
    assert answer["error"] == 'JSON Value: "x" Type: String is not of expected type: int32 (input: b)'
    columns = [
        {"name": name, "datatype": "INT32", "shape": [1], "data": [data]} for name, data in (("a", 1), ("b", "x"))
    ]
    refused = server.ask("POST", "/v2/models/two/infer", {"inputs": columns})
    assert refused["statusCode"] == 400
    assert "input 'b'" in json.loads(refused["body"])["error"]
