"""SageMaker's requests to a container of one model: JSON, CSV and npy, in and out."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from handlers.serving.start import open_app
from tests.handlers.serving.conftest import Context, Model, Server, any_shape, echo, half_plus, tensor

Serve = Callable[..., Server]


def rows(dtype: str = "float32", *inner: int) -> Model:
    """Answers with its input, rows of this shape."""
    return Model({"x": tensor(dtype, -1, *inner)}, {"y": tensor(dtype, -1, *inner)}, lambda x: {"y": x})


def invoke(server: Server, body: bytes, **headers: str) -> tuple[int, str, bytes]:
    """The status, the content type and the body of an invocation."""
    event = {
        "version": "2.0",
        "rawPath": "/invocations",
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    answer = server.app.handle(event, Context())
    content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return answer["statusCode"], answer["headers"]["content-type"], content


def saved(array: np.ndarray) -> bytes:
    """An array as numpy itself saves it."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def crafted(dtype: str, shape: object) -> bytes:
    """An npy file of this header, with one element or none."""
    shown = shape if isinstance(shape, str) else repr(shape)
    header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shown}, }}\n".encode()
    empty = isinstance(shape, tuple) and 0 in shape
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + (b"" if empty else bytes(4))


@pytest.mark.parametrize(
    "headers", [{}, {"content_type": "application/json"}, {"content_type": "application/json; charset=utf-8"}]
)
@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'{"instances": [1, 2, 5]}', {"predictions": [2.5, 3.0, 4.5]}),
        (b'{"inputs": {"x": [1]}}', {"outputs": [2.5]}),
        (b"[1, 2, 5]", {"predictions": [2.5, 3.0, 4.5]}),
    ],
)
def test_json_is_answered_as_tensorflow_serving_does(serve: Serve, headers: dict[str, str], body: bytes, answer: Any):
    status, media_type, content = invoke(serve({"m": half_plus(2)}), body, **headers)
    assert (status, media_type, json.loads(content)) == (200, "application/json", answer)


@pytest.mark.parametrize(
    ("model", "body", "answer"),
    [
        (rows("float32"), b"1\n2.5\n", "1.0\n2.5\n"),
        (rows("float32", 2), b"1,2\r\n\r\n-3.5,nan\r\n", "1.0,2.0\n-3.5,NaN\n"),
        (rows("float32", 2, 2), b"1,2,3,4", "1.0,2.0,3.0,4.0\n"),
        (rows("float32", 2, -1), b"1,2,3,4", "1.0,2.0,3.0,4.0\n"),
        (rows("int32", 2), b"\xef\xbb\xbf1,2", "1,2\n"),
        (rows("bool", 2), b"true,0", "true,false\n"),
        (rows("string", 2), b'a,"b, ""c"""', 'a,"b, ""c"""\n'),
        (echo("float32"), b"1,2", "1.0,2.0\n"),
    ],
)
def test_a_line_of_csv_is_an_instance(serve: Serve, model: Model, body: bytes, answer: str):
    found = invoke(serve({"m": model}), body, content_type="text/csv; label_size=0", accept="text/csv")
    assert found == (200, "text/csv", answer.encode())


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", "bool"])
def test_npy_goes_in_and_out_as_numpy_saves_it(serve: Serve, dtype: str):
    array = np.array([[0, 1], [1, 0], [1, 1]], dtype)
    server = serve({"m": rows(dtype, 2)})
    for given in (array, np.asfortranarray(array)):
        status, media_type, content = invoke(
            server, saved(given), content_type="application/x-npy", accept="application/x-npy"
        )
        assert (status, media_type) == (200, "application/x-npy")
        read = np.load(io.BytesIO(content))
        assert read.dtype == array.dtype
        assert np.array_equal(read, array)


def test_an_npy_file_of_doubles_or_integers_is_taken_for_decimals(serve: Serve):
    server = serve({"m": half_plus(2)})
    for dtype in ("float64", ">f4", "int32"):
        status, _, content = invoke(server, saved(np.array([1, 2, 5], dtype)), content_type="application/x-npy")
        assert (status, json.loads(content)) == (200, {"predictions": [2.5, 3.0, 4.5]})


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (b"<x/>", {"content_type": "text/xml"}, 415, "allowed are application/json, text/csv, application/x-npy"),
        (b"[[1, 2]]", {"accept": "image/png"}, 406, "Accept is image/png"),
        (b"", {}, 400, "The document is empty"),
        (b"1,2\n3\n", {"content_type": "text/csv"}, 400, "Line 2 of the CSV body has 1 fields; line 1 has 2"),
        (
            b"1,2\n3,a\n",
            {"content_type": "text/csv"},
            400,
            "Line 2 of the CSV body has \"a\"; the input 'x' is of type float32",
        ),
        (b"1,2,3\n", {"content_type": "text/csv"}, 400, "has 3 fields; an instance has the shape [2]"),
        (b"\n\n", {"content_type": "text/csv"}, 400, "The CSV body has no line"),
        (b"\xff,1", {"content_type": "text/csv"}, 400, "not UTF-8 at byte 0"),
        (b"1,2", {"content_type": "application/x-npy"}, 400, "not an npy file"),
        (saved(np.zeros((1, 2)))[:-1], {"content_type": "application/x-npy"}, 400, "holds 15 bytes"),
        (
            saved(np.array(["a"])),
            {"content_type": "application/x-npy"},
            400,
            "allowed are integers, decimals and truths",
        ),
        (
            saved(np.zeros((1, 3))),
            {"content_type": "application/x-npy"},
            400,
            "has the shape [1,3]; the model takes [-1,2]",
        ),
        (crafted("<f4", (1,) * 65), {"content_type": "application/x-npy"}, 400, "has 65 dimensions, and at most 64"),
        (crafted("<f4", (2**31 - 1, 0)), {"content_type": "application/x-npy"}, 400, "the model takes [-1,2]"),
        (crafted("<f4", (-1, 2)), {"content_type": "application/x-npy"}, 400, "The shape in the header"),
        (crafted("<f4", "__import__('os')"), {"content_type": "application/x-npy"}, 400, "cannot be read"),
        (saved(np.zeros((1, 2), "c8")), {"content_type": "application/x-npy"}, 400, "allowed are integers"),
    ],
)
def test_what_cannot_be_read_or_answered_is_refused_with_the_reason(
    serve: Serve, body: bytes, headers: Mapping[str, str], status: int, reason: str
):
    found, media_type, content = invoke(serve({"m": rows("float32", 2)}), body, **headers)
    assert (found, media_type) == (status, "application/json")
    assert reason in json.loads(content)["error"]


def test_an_array_that_numpy_would_unpickle_is_refused(serve: Serve):
    file = io.BytesIO()
    np.save(file, np.array([{}], object), allow_pickle=True)
    status, _, content = invoke(serve({"m": rows()}), file.getvalue(), content_type="application/x-npy")
    assert status == 400
    assert "'|O'" in json.loads(content)["error"]


def test_csv_that_would_take_too_much_memory_is_refused_before_it_is_read(serve: Serve):
    server = serve({"m": rows("float32", 2)}, room=100_000)
    status, _, content = invoke(server, b"1,2\n" * 10_000, content_type="text/csv")
    assert status == 413
    assert "more than the 100000 bytes of memory" in json.loads(content)["error"]


def test_one_input_and_one_output_are_all_that_csv_holds(serve: Serve):
    two = {"a": any_shape("float32"), "b": any_shape("float32")}
    server = serve({"m": Model(two, two, lambda a, b: {"a": a, "b": b})})
    status, _, content = invoke(server, b"1", content_type="text/csv")
    assert (status, "holds one input, and the model has a, b" in content.decode()) == (415, True)
    status, _, content = invoke(server, b'{"inputs": {"a": [1], "b": [2]}}', accept="text/csv")
    assert (status, "holds one output, and the model has a, b" in content.decode()) == (406, True)


def test_ping_says_whether_the_model_can_answer(serve: Serve):
    server = serve({"m": half_plus(2)})
    assert server.ask("GET", "/ping")["statusCode"] == 200
    with server.app.repository.preparing("m"):
        assert server.ask("GET", "/ping")["statusCode"] == 503
    assert server.ask("POST", "/ping")["statusCode"] == 405
    assert server.ask("GET", "/invocations")["statusCode"] == 405


def test_where_there_are_several_models_an_invocation_must_name_one(serve: Serve):
    status, _, content = invoke(serve({"a": half_plus(2), "b": half_plus(3)}), b"[1]")
    assert status == 404
    assert "2 models are served here, so the path must name one" in json.loads(content)["error"]


def test_an_endpoint_is_a_model_by_its_name(repository):
    app = open_app({"MODEL_STORE_URI": repository.as_uri(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"})

    def ask(method: str, path: str) -> tuple[int, Any]:
        event = {
            "version": "2.0",
            "rawPath": path,
            "headers": {"content-type": "text/csv"},
            "requestContext": {"http": {"method": method}, "stage": "$default"},
            "body": "5.1,3.5,1.4,0.2",
        }
        answer = app.handle(event, Context())
        return answer["statusCode"], json.loads(answer["body"])

    status, answer = ask("POST", "/endpoints/iris/invocations")
    assert (status, len(answer["predictions"][0])) == (200, 3)
    assert ask("POST", "/endpoints/zebra/invocations")[0] == 404
    assert ask("GET", "/endpoints/iris/invocations")[0] == 405
    assert ask("POST", "/endpoints/iris")[0] == 404


def test_an_empty_array_that_claims_to_be_large_is_refused(serve: Serve):
    anything = Model({"x": tensor("float32", -1, -1)}, {"y": any_shape("float32")}, lambda x: {"y": x.sum(axis=1)})
    status, _, content = invoke(
        serve({"m": anything}), crafted("<f4", (2**31 - 1, 0)), content_type="application/x-npy"
    )
    assert (status, "which is empty and yet large" in content.decode()) == (400, True)
