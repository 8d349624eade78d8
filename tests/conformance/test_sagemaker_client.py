"""SageMaker's own client, unchanged: boto3's `sagemaker-runtime`, against a stack of one model behind each way in."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import boto3
import numpy as np
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from components.settings.api_settings import ApiKind
from local.stack import LocalStack
from tests.ways_in import stack_behind

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]], np.float32)


@pytest.fixture(scope="module", params=get_args(ApiKind))
def stack(repository: Path, request: pytest.FixtureRequest) -> Iterator[LocalStack]:
    with stack_behind(request.param, repository, models=["iris"], timeoutSeconds=28) as stack:
        yield stack


@pytest.fixture
def client(stack: LocalStack) -> Iterator[Any]:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    client = boto3.client("sagemaker-runtime", "eu-central-1", endpoint_url=stack.api_url, config=config)
    yield client
    client.close()


def invoke(client: Any, kind: str, body: bytes, **more: Any) -> tuple[str, bytes]:
    answer = client.invoke_endpoint(EndpointName="iris", ContentType=kind, Body=body, **more)
    return answer["ContentType"], answer["Body"].read()


@pytest.fixture
def expected(client) -> np.ndarray:
    kind, body = invoke(client, "application/json", json.dumps({"instances": ROWS.tolist()}).encode())
    assert kind == "application/json"
    return np.array(json.loads(body)["predictions"])


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


BODIES = {
    "application/json": json.dumps(ROWS.tolist()).encode(),
    "text/csv": "\n".join(",".join(map(str, row)) for row in ROWS.tolist()).encode(),
    "application/x-npy": saved(ROWS),
}


@pytest.mark.parametrize("accept", BODIES)
@pytest.mark.parametrize("kind", BODIES)
def test_each_form_of_a_body_gets_the_same_answer_in_each_form(client, expected, kind, accept):
    given, body = invoke(client, kind, BODIES[kind], Accept=accept)
    assert given == accept
    if accept == "application/json":
        found = np.array(json.loads(body)["predictions"])
    elif accept == "text/csv":
        found = np.loadtxt(io.BytesIO(body), delimiter=",")
    else:
        found = np.load(io.BytesIO(body))
    assert np.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("endpoint", "kind", "body", "status"),
    [
        ("zebra", "application/json", BODIES["application/json"], 404),
        ("iris", "application/json", b"[[1, 2]]", 400),
        ("iris", "application/json", b"{", 400),
        ("iris", "text/csv", b"1,2,3,four", 400),
        ("iris", "application/x-recordio-protobuf", b"x", 415),
    ],
)
def test_a_refusal_is_the_client_s_exception_with_the_status(client, endpoint, kind, body, status):
    with pytest.raises(ClientError) as refused:
        client.invoke_endpoint(EndpointName=endpoint, ContentType=kind, Body=body)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
