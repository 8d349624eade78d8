"""Clients of other servers, unchanged: those of Triton, with and without asyncio, against each API in each mode."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from local.stack import LocalStack
from tests.conformance.conftest import SAMPLE_STACKS

Connect = Callable[[], Any]


@pytest.fixture(params=SAMPLE_STACKS, ids=" ".join)
def stack(sample_stacks, request: pytest.FixtureRequest) -> LocalStack:
    return sample_stacks[request.param]


@pytest.fixture
def client(stack: LocalStack) -> Iterator[triton.InferenceServerClient]:
    client = triton.InferenceServerClient(stack.api_url.removeprefix("http://"))
    yield client
    client.close()


def given(rows: np.ndarray, *, binary: bool) -> Any:
    tensor = triton.InferInput("features", [*rows.shape], "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary)
    return tensor


def wanted(*, binary: bool) -> Any:
    return triton.InferRequestedOutput("probabilities", binary_data=binary)


def test_the_server_and_its_models_are_described(client, versions):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.get_server_metadata()["name"] == "tensorflow-lambda"
    for model, version in versions.items():
        assert client.is_model_ready(model)
        assert client.is_model_ready(model, version)
        assert not client.is_model_ready(model, "999")
        assert client.get_model_metadata(model)["name"] == model
        assert client.get_model_config(model)["name"] == model
        assert client.get_model_config(model, version)["max_batch_size"] == 0
    assert not client.is_model_ready("zebra")
    index = client.get_model_repository_index()
    assert {each["name"] for each in index} == set(versions)
    # A function of one model knows no more than the names of the models that others serve.
    indexed = {(each["name"], each["version"], each["state"]) for each in index if "version" in each}
    assert indexed
    assert indexed <= {(model, version, "READY") for model, version in versions.items()}


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False, None])
@pytest.mark.parametrize("sent", [None, "gzip", "deflate"])
@pytest.mark.parametrize("received", [None, "gzip", "deflate"])
def test_an_inference_gives_the_model_s_own_answer(
    client, rows, answers, versions, binary_in, binary_out, sent, received
):
    result = client.infer(
        "iris",
        [given(rows, binary=binary_in)],
        outputs=None if binary_out is None else [wanted(binary=binary_out)],
        request_id="a-1",
        request_compression_algorithm=sent,
        response_compression_algorithm=received,
    )
    assert result.get_response()["id"] == "a-1"
    assert result.get_response()["model_version"] == versions["iris"]
    assert np.array_equal(result.as_numpy("probabilities"), answers)


@pytest.mark.parametrize("named", [False, True])
def test_a_large_answer_is_compressed_if_the_client_says_that_it_takes_it(client, rows, versions, named):
    many = np.repeat(rows, 2000, axis=0)
    results = [
        client.infer(
            "iris",
            [given(many, binary=True)],
            versions["iris"] if named else "",
            outputs=[wanted(binary=False)],
            response_compression_algorithm=algorithm,
        ).as_numpy("probabilities")
        for algorithm in (None, "gzip", "deflate")
    ]
    assert results[0].shape == (10_000, 3)
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


def test_inferences_are_counted(client, rows):
    before = counted(client)
    client.infer("iris", [given(rows, binary=True)])
    with pytest.raises(InferenceServerException):
        client.infer("iris", [given(rows[:, :3], binary=True)])
    after = counted(client)
    assert after["inference_count"] > before["inference_count"]
    assert after["inference_stats"]["fail"]["count"] > before["inference_stats"]["fail"]["count"]
    assert after["inference_stats"]["compute_infer"]["ns"] > before["inference_stats"]["compute_infer"]["ns"]


def counted(client) -> Any:
    (found,) = client.get_inference_statistics("iris")["model_stats"]
    return found


@pytest.mark.parametrize(
    ("model", "version", "datatype", "status", "reason"),
    [
        ("zebra", "", "FP32", "404", "Request for unknown model: 'zebra' is not found"),
        ("iris", "999", "FP32", "404", "Request for unknown model: 'iris' version 999 is not found"),
        ("iris", "", "FP64", "400", "data-type is 'FP64', but model 'iris' expects 'FP32'"),
    ],
)
def test_a_refusal_is_an_exception_with_the_status_and_the_message(
    client, rows, model, version, datatype, status, reason
):
    tensor = triton.InferInput("features", [*rows.shape], datatype)
    tensor.set_data_from_numpy(rows.astype(np.float64 if datatype == "FP64" else np.float32))
    with pytest.raises(InferenceServerException, match=reason) as refused:
        client.infer(model, [tensor], version)
    assert refused.value.status() == status


@pytest.mark.parametrize("binary", [True, False])
def test_the_client_with_asyncio_gets_the_same(stack, rows, answers, binary):
    async def ask() -> Any:
        async with triton_aio.InferenceServerClient(stack.api_url.removeprefix("http://")) as client:
            assert await client.is_server_live()
            assert await client.is_model_ready("iris")
            assert (await client.get_model_metadata("iris"))["name"] == "iris"
            results = [
                await client.infer(
                    "iris",
                    [given(rows, binary=binary)],
                    outputs=[wanted(binary=binary)],
                    request_compression_algorithm=sent,
                    response_compression_algorithm=received,
                )
                for sent in (None, "gzip", "deflate")
                for received in (None, "gzip", "deflate")
            ]
            with pytest.raises(InferenceServerException, match="unknown model"):
                await client.infer("zebra", [given(rows, binary=binary)])
            return [result.as_numpy("probabilities") for result in results]

    found = asyncio.run(ask())
    assert len(found) == 9
    assert all(np.array_equal(each, answers) for each in found)
