"""Tensors in S3: read and written only where the configuration says, and never overwritten."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handlers.serving import aws_clients
from handlers.serving.app import App
from handlers.serving.start import open_app
from local.emulator import Emulator
from tests.handlers.serving.conftest import BUCKET, Context
from tests.models.asking import current_manifest


@pytest.fixture
def s3(aws: Emulator) -> Any:
    return aws.client("s3")


@pytest.fixture
def app(repository: Path, s3: Any) -> App:
    return opened(repository, f"{BUCKET}/in,{BUCKET}/out")


def opened(repository: Path, places: str) -> App:
    environment = {"MODEL_STORE_URI": repository.as_uri(), "MODEL_NAMES": "iris", "TENSOR_PLACES": places}
    return open_app({**environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"})


def infer(
    app: App, source: str | None = None, target: str | None = None, *, rows: int = 3, **more: Any
) -> tuple[int, Any]:
    tensor: dict[str, Any] = {"name": "features", "datatype": "FP32", "shape": [rows, 4], **more}
    if source is not None:
        tensor["parameters"] = {"s3_uri": source}
    body: dict[str, Any] = {"inputs": [tensor]}
    if target is not None:
        body["outputs"] = [{"name": "probabilities", "parameters": {"s3_uri": target}}]
    event = {
        "version": "2.0",
        "rawPath": "/v2/models/iris/infer",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST"}, "stage": "$default"},
        "body": json.dumps(body),
    }
    answer = app.handle(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def rows(repository: Path) -> np.ndarray:
    warmup = current_manifest(repository, "iris").warmup["serving_default"]["features"]
    return np.repeat(np.array(warmup, "<f4"), 3, axis=0)[:3]


def test_an_input_in_s3_is_the_same_as_one_in_the_request(app, s3, rows):
    s3.put_object(Bucket=BUCKET, Key="in/rows", Body=rows.tobytes())
    status, answer = infer(app, f"s3://{BUCKET}/in/rows")
    assert status == 200
    assert answer["outputs"] == infer(app, data=rows.tolist())[1]["outputs"]


def test_an_output_is_written_in_the_binary_form_and_told_by_its_place(app, s3, rows):
    status, answer = infer(app, target=f"s3://{BUCKET}/out/first", data=rows.tolist())
    assert status == 200
    (output,) = answer["outputs"]
    assert output["parameters"] == {"s3_uri": f"s3://{BUCKET}/out/first", "s3_size": 36}
    assert "data" not in output
    written = s3.get_object(Bucket=BUCKET, Key="out/first")["Body"].read()
    expected = infer(app, data=rows.tolist())[1]["outputs"][0]["data"]
    assert np.frombuffer(written, "<f4").tolist() == np.array(expected, "<f4").ravel().tolist()


def test_an_object_is_never_overwritten(app, s3, rows):
    s3.put_object(Bucket=BUCKET, Key="out/taken", Body=b"mine")
    status, answer = infer(app, target=f"s3://{BUCKET}/out/taken", data=rows.tolist())
    assert status == 400
    assert "is there already, and objects are never overwritten: name another key" in answer["error"]
    assert s3.get_object(Bucket=BUCKET, Key="out/taken")["Body"].read() == b"mine"


@pytest.mark.parametrize(
    "uri",
    [
        f"s3://{BUCKET}/elsewhere/rows",
        f"s3://{BUCKET}/input/rows",  # begins as the place does, and is no part of it
        f"s3://{BUCKET}/in/",
        f"s3://{BUCKET}/in",
        "s3://another/in/rows",
        f"s3:/{BUCKET}/in/rows",
        f"https://{BUCKET}.s3.amazonaws.com/in/rows",
        "",
        7,
    ],
)
def test_any_other_place_is_refused_with_those_that_are_allowed(app, rows, uri):
    status, answer = infer(app, uri)
    assert status == 400
    assert f"allowed are objects below s3://{BUCKET}/in/ and s3://{BUCKET}/out/" in answer["error"]
    assert infer(app, target=uri, data=rows.tolist())[0] == 400


def test_a_server_without_places_reads_none(repository, s3):
    status, answer = infer(opened(repository, ""), f"s3://{BUCKET}/in/rows")
    assert status == 400
    assert "input 'features' is in S3, but this server reads and writes no tensors there" in answer["error"]


def test_an_object_of_another_size_is_refused_before_it_is_fetched(app, s3, rows):
    s3.put_object(Bucket=BUCKET, Key="in/short", Body=rows.tobytes()[:-4])
    status, answer = infer(app, f"s3://{BUCKET}/in/short")
    assert (status, answer["error"]) == (400, f"s3://{BUCKET}/in/short has 44 bytes, and the tensor needs 48")


def test_an_object_that_is_not_there_is_refused(app):
    status, answer = infer(app, f"s3://{BUCKET}/in/nothing")
    assert status == 400
    assert "it is not there, or s3:GetObject is not granted on it" in answer["error"]


def test_a_tensor_larger_than_the_memory_for_requests_is_refused(app, s3):
    many = 5_000_000  # 80 MB; an eighth of 512 MiB is 67 MB
    s3.put_object(Bucket=BUCKET, Key="in/many", Body=bytes(many * 16))
    status, answer = infer(app, f"s3://{BUCKET}/in/many", rows=many)
    assert status == 413
    assert "give the function more memory" in answer["error"]


def test_a_tensor_has_one_source(app, rows):
    status, answer = infer(app, f"s3://{BUCKET}/in/rows", data=rows.tolist())
    assert status == 400
    assert "must set only one of the following fields" in answer["error"]


def test_s3_that_cannot_be_reached_is_tried_again_later(app, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(aws_clients, "_clients", {})
    assert infer(app, f"s3://{BUCKET}/in/rows")[0] == 503
