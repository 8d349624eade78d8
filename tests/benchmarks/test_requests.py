"""The requests that are measured, and the answers that must agree."""

import base64
import json
from array import array

import pytest

from benchmarks.requests import answered_numbers, event_for, same_answer
from benchmarks.subjects import Subject
from handlers.serving.events import recognise
from models.profiling.http_event import http_event

SMALL = Subject(name="digits", input="image", shape=(8, 8, 1), output="probabilities")
LARGE = Subject(name="mobilenet_v2", input="image", shape=(224, 224, 3), output="probabilities")


def test_a_small_request_is_tensorflow_servings_json() -> None:
    request = recognise(event_for(SMALL, plain=False)).request()
    assert (request.method, request.path) == ("POST", "/v1/models/digits:predict")
    (instance,) = json.loads(request.body)["instances"]
    assert (len(instance), len(instance[0]), len(instance[0][0])) == SMALL.shape


def test_a_large_request_is_open_inferences_binary_tensor() -> None:
    request = recognise(event_for(LARGE, plain=False)).request()
    assert request.path == "/v2/models/mobilenet_v2/infer"
    length = int(request.headers["inference-header-content-length"])
    (tensor,) = json.loads(request.body[:length])["inputs"]
    assert tensor["shape"] == [1, 224, 224, 3]
    assert tensor["parameters"]["binary_data_size"] == len(request.body) - length == 224 * 224 * 3 * 4


def test_a_plain_request_carries_the_same_numbers() -> None:
    request = recognise(event_for(LARGE, plain=False)).request()
    plain = recognise(event_for(LARGE, plain=True)).request()
    assert request.body.endswith(plain.body)
    assert len(plain.body) == 224 * 224 * 3 * 4


def test_a_model_may_be_served_under_another_name() -> None:
    assert event_for(SMALL, plain=False, model="other")["rawPath"] == "/v1/models/other:predict"


def test_a_request_without_a_body_is_an_event_too() -> None:
    assert recognise(http_event("GET", "/v2/health/live")).request().body == b""


def test_numbers_are_read_from_json_and_from_raw_tensors() -> None:
    header, numbers = b'{"outputs":[]}', array("f", [0.25, 0.75])
    raw = {
        "statusCode": 200,
        "headers": {"Inference-Header-Content-Length": str(len(header))},
        "body": base64.b64encode(header + numbers.tobytes()).decode(),
        "isBase64Encoded": True,
    }
    assert answered_numbers(raw) == [0.25, 0.75]
    assert answered_numbers({"statusCode": 200, "body": '{"predictions": [[0.25, 0.75]]}'}) == [0.25, 0.75]


def test_an_error_is_not_a_prediction() -> None:
    with pytest.raises(ValueError, match="no such model"):
        answered_numbers({"statusCode": 404, "body": '{"error": "no such model"}'})


def test_answers_agree_within_a_share_of_their_scale() -> None:
    assert same_answer([0.0, 1000.0], [0.5, 1000.0])
    assert not same_answer([0.0, 1.0], [0.5, 1.0])
    assert not same_answer([0.5], [0.5, 0.5])
