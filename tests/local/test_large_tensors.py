"""A body of 100 MB goes in and out through S3, on a deployed stack."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from local.emulator import REGION
from local.stack import local_stack
from tests.identical.exchange import exchange, post
from tests.paths import PROJECT

ELEMENTS = 25_000_000
"""Of four bytes each: 100 MB."""

BUCKET = "acme-tensors"


@pytest.fixture(scope="module")
def golden_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, "-m", "tests.conformance.make_models", str(root)], cwd=PROJECT, check=True)
    return root


def test_a_tensor_of_100_mb_is_answered_through_s3(golden_models):
    settings = {
        "seedModels": "false",
        "memoryMib": "3008",
        "timeoutSeconds": "120",
        "api": "url",
        "tensorBuckets": json.dumps([f"{BUCKET}/in", f"{BUCKET}/out"]),
    }
    with local_stack(settings) as stack:
        s3, models = stack.emulator.client("s3"), stack.deployment.outputs["bucketName"]
        for path in (golden_models / "half_plus_two").rglob("*"):
            if path.is_file():
                key = f"models/{path.relative_to(golden_models).as_posix()}"
                s3.put_object(Bucket=models, Key=key, Body=path.read_bytes())
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        values = np.arange(ELEMENTS, dtype="<f4")
        s3.put_object(Bucket=BUCKET, Key="in/values", Body=values.tobytes())
        source = {
            "name": "x",
            "datatype": "FP32",
            "shape": [ELEMENTS],
            "parameters": {"s3_uri": f"s3://{BUCKET}/in/values"},
        }
        target = {"name": "y", "parameters": {"s3_uri": f"s3://{BUCKET}/out/values"}}
        ask = post("/v2/models/half_plus_two/infer", {"inputs": [source], "outputs": [target]})
        answer = exchange(stack.api_url, ask)
        assert answer.status == 200, answer.body
        assert json.loads(answer.body)["outputs"][0]["parameters"]["s3_size"] == values.nbytes
        written = np.frombuffer(s3.get_object(Bucket=BUCKET, Key="out/values")["Body"].read(), "<f4")
        assert np.array_equal(written, np.float32(0.5) * values + np.float32(2))
        assert exchange(stack.api_url, post("/v2/models/half_plus_two/infer", {"inputs": [source]})).status == 413
