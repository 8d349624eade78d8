"""The requests that these handlers take, and their answers."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def instances(event: Mapping[str, Any], shape: Sequence[int]) -> np.ndarray:
    """The float32 inputs of a body of raw numbers, or of JSON with `instances`: (batch, *shape)."""
    if event["isBase64Encoded"]:
        return np.frombuffer(base64.b64decode(event["body"]), np.float32).reshape((-1, *shape))
    return np.array(json.loads(event["body"])["instances"], np.float32)


def answer(predictions: np.ndarray) -> dict[str, Any]:
    """Predictions as JSON."""
    return {"statusCode": 200, "body": json.dumps({"predictions": predictions.tolist()})}
