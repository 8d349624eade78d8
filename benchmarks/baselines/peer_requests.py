"""The requests that these handlers take, and their answers."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

HEADER_LENGTH = "inference-header-content-length"
"""As in the Open Inference Protocol: how many bytes of JSON stand before the raw numbers."""


def instances(event: Mapping[str, Any], shape: Sequence[int]) -> np.ndarray:
    """The float32 inputs of a body of raw numbers, or of JSON with `instances`: (batch, *shape)."""
    if event["isBase64Encoded"]:
        return np.frombuffer(base64.b64decode(event["body"]), np.float32).reshape((-1, *shape))
    return np.array(json.loads(event["body"])["instances"], np.float32)


def answer(event: Mapping[str, Any], predictions: np.ndarray) -> dict[str, Any]:
    """Predictions in the form of the request: raw float32, or JSON."""
    if event["isBase64Encoded"]:
        body = base64.b64encode(predictions.astype(np.float32, copy=False).tobytes()).decode()
        headers = {"content-type": "application/octet-stream", HEADER_LENGTH: "0"}
        return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True}
    return {"statusCode": 200, "body": json.dumps({"predictions": predictions.tolist()})}
