"""The real program on one machine, in both modes: real models, real handlers, over HTTP through API Gateway."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import pytest

from local.api_client import ApiClient
from local.demo import Measured, _conclude
from local.held_out import HeldOut, read_held_out
from local.shapes import Mode
from local.stack import LocalStack, local_stack
from models.samples.catalog import load_catalog

MODELS = sorted(load_catalog())


@pytest.fixture(scope="module")
def stacks(repository) -> Iterator[dict[str, LocalStack]]:
    with local_stack({"mode": "single"}) as single, local_stack({"mode": "multi"}) as multi:
        yield {"single": single, "multi": multi}


@pytest.fixture(params=get_args(Mode))
def stack(stacks, request) -> LocalStack:
    return stacks[request.param]


@pytest.fixture
def client(stack) -> Iterator[ApiClient]:
    with ApiClient(stack.api_url) as client:
        yield client


@pytest.fixture
def held_out(repository) -> Any:
    def held_out(model: str) -> HeldOut:
        found = read_held_out(repository.parent, model)
        assert found is not None
        return found

    return held_out


def test_single_mode_has_a_function_for_each_model_and_multi_mode_one_for_all(stacks):
    assert len(stacks["single"].invocations.functions()) == len(MODELS)
    assert len(stacks["multi"].invocations.functions()) == 1


@pytest.mark.parametrize("model", MODELS)
def test_the_whole_held_out_set_is_answered_as_well_as_by_the_saved_model(client, held_out, model):
    examples = held_out(model)
    for signature in examples.signatures:
        status, answer = client.request(
            "POST", f"/v1/models/{model}:predict", examples.predict_body(signature, 0, examples.size)
        )
        assert status == 200, answer
        assert examples.agrees(examples.figure_of(answer["predictions"]))


def test_both_modes_give_the_same_bytes(stacks, held_out):
    requests = [
        ("POST", f"/v1/models/{model}:predict", json.dumps(held_out(model).predict_body(signature, 0, 3)))
        for model in MODELS
        for signature in held_out(model).signatures
    ]
    requests += [("GET", f"/v1/models/{model}{suffix}", None) for model in MODELS for suffix in ("", "/metadata")]
    requests += [
        ("GET", path, None) for path in ("/v2", "/v2/health/live", "/v2/models/iris", "/v1/models/nope", "/v1/x")
    ]
    requests += [("POST", "/v1/models/iris:predict", "{"), ("POST", "/v1/models/nope:predict", '{"instances": [1]}')]
    with ApiClient(stacks["single"].api_url) as single, ApiClient(stacks["multi"].api_url) as multi:
        for request in requests:
            assert single.exchange(*request) == multi.exchange(*request), request


def test_a_model_that_is_not_served_is_not_found(client):
    assert client.request("POST", "/v1/models/nope:predict", {"instances": [1]})[0] == 404
    assert client.request("GET", "/v1/models/nope")[0] == 404


def test_a_malformed_body_is_refused_with_the_reason(client):
    status, body = client.exchange("POST", "/v1/models/iris:predict", '{"instances": [')
    assert status == 400
    assert "JSON Parse error" in json.loads(body)["error"]


def test_a_body_of_the_wrong_shape_is_refused_with_the_reason(client):
    status, answer = client.request("POST", "/v1/models/iris:predict", {"instances": [[1.0, 2.0]]})
    assert status == 400
    assert answer["error"]


def test_requests_at_the_same_time_are_all_answered(stack, held_out):
    examples = held_out("iris")

    def predict(index: int) -> tuple[int, Any]:
        with ApiClient(stack.api_url) as client:
            body = examples.predict_body("serving_default", index, index + 1)
            return client.request("POST", "/v1/models/iris:predict", body)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(predict, range(examples.size)))
    assert {status for status, _ in answers} == {200}
    assert examples.agrees(examples.figure_of([answer["predictions"][0] for _, answer in answers]))


def test_a_model_file_that_is_missing_fails_that_model_only_and_until_it_is_back(stack, client, held_out):
    s3, bucket = stack.emulator.client("s3"), stack.deployment.outputs["bucketName"]
    key = f"models/wine/{held_out('wine').manifest.version}/model.tflite"
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    wine, iris = (held_out(model).predict_body("serving_default", 0, 1) for model in ("wine", "iris"))
    s3.delete_object(Bucket=bucket, Key=key)
    stack.invocations.recycle(stack.function_of("wine"))
    status, answer = client.request("POST", "/v1/models/wine:predict", wine)
    assert status >= 500
    assert "Traceback" not in str(answer)
    assert client.request("POST", "/v1/models/iris:predict", iris)[0] == 200
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    stack.invocations.recycle(stack.function_of("wine"))
    assert client.request("POST", "/v1/models/wine:predict", wine)[0] == 200


def test_a_figure_that_differs_is_named_and_fails_the_demonstration(held_out, capsys):
    examples = held_out("iris")
    measured = {"held_out": examples, "signature": "serving_default", "engine": "litert", "mode": "multi"}
    times = {"cold_seconds": 1.0, "warm_seconds": 0.01}
    good = Measured(figure=examples.figure, **measured, **times)
    one_example_worse = Measured(figure=examples.figure - 1 / examples.size, **measured, **times)
    assert _conclude([good])
    assert not _conclude([good, one_example_worse])
    assert "iris (serving_default, mode multi)" in capsys.readouterr().out
    assert not _conclude([])
