"""A Lambda handler for ONNX Runtime, written with care: two threads, and the CPU alone."""

import os
from typing import Any

import onnxruntime  # pyright: ignore[reportMissingImports] - in the peers' environment

from benchmarks.baselines.peer_requests import answer, instances

options: Any = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
session: Any = onnxruntime.InferenceSession(os.environ["MODEL_PATH"], options, providers=["CPUExecutionProvider"])
(feature,) = session.get_inputs()


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Predict for a body of raw float32, or of JSON with `instances`."""
    (predictions,) = session.run(None, {feature.name: instances(event, feature.shape[1:])})
    return answer(event, predictions)
