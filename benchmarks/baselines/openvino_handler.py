"""A Lambda handler for OpenVINO, written with care: compiled for the CPU and for latency."""

import os
from typing import Any

import openvino  # pyright: ignore[reportMissingImports] - in the peers' environment

from benchmarks.baselines.peer_requests import answer, instances

# In 32 bits: on processors with bfloat16 it would compute with fewer, and answer other numbers.
settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 2, "INFERENCE_PRECISION_HINT": "f32"}
model: Any = openvino.Core().compile_model(os.environ["MODEL_PATH"], "CPU", settings)
shape = [size.get_length() for size in list(model.input(0).partial_shape)[1:]]


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Predict for a body of raw float32, or of JSON with `instances`."""
    return answer(event, model(instances(event, shape))[0])
